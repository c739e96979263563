//! The recovery ladder as an ordered list of steps.

use super::Sheet;
use crate::model::RecoveryRung;
use crate::text::settings as words;
use leptos::prelude::*;
use serde_json::json;

/// A step with its words and the keys of its two settings.
struct Known {
    rung: RecoveryRung,
    name: &'static str,
    text: &'static str,
    wait: &'static str,
    limit: &'static str,
}

const STEPS: [Known; 5] = [
    Known {
        rung: RecoveryRung::Reconnect,
        name: words::RECONNECT_NAME,
        text: words::RECONNECT_TEXT,
        wait: "recovery.reconnect_wait_s",
        limit: "recovery.reconnect_per_day",
    },
    Known {
        rung: RecoveryRung::Transport,
        name: words::TRANSPORT_NAME,
        text: words::TRANSPORT_TEXT,
        wait: "recovery.transport_wait_s",
        limit: "recovery.transport_per_day",
    },
    Known {
        rung: RecoveryRung::Reboot,
        name: words::REBOOT_NAME,
        text: words::REBOOT_TEXT,
        wait: "recovery.reboot_wait_s",
        limit: "recovery.reboot_per_day",
    },
    Known {
        rung: RecoveryRung::Webhook,
        name: words::WEBHOOK_NAME,
        text: words::WEBHOOK_TEXT,
        wait: "recovery.webhook_wait_s",
        limit: "recovery.webhook_per_day",
    },
    Known {
        rung: RecoveryRung::Alert,
        name: words::ALERT_NAME,
        text: words::ALERT_TEXT,
        wait: "recovery.alert_wait_s",
        limit: "recovery.alert_per_day",
    },
];

#[component]
pub fn LadderPart(sheet: Sheet) -> impl IntoView {
    let off = Memo::new(move |_| sheet.value("recovery.enabled") == Some(json!(false)));
    view! {
        <section class="settings__part" aria-labelledby="ladder-title">
            <h2 id="ladder-title">{words::LADDER}</h2>
            <p class="settings__intro">{words::LADDER_HINT}</p>
            <div class="settings__rows">{sheet.row("recovery.enabled", None)} {sheet.row("recovery.dry_run", None)}</div>
            <ol class="rungs" class:rungs--off=move || off.get() aria-label=words::STEPS>
                {STEPS.map(|known| view! { <Rung sheet known /> }).into_iter().collect_view()}
            </ol>
            <div class="settings__rows">{sheet.row("recovery.again_after_s", None)} {sheet.row("recovery.settled_after_s", None)}</div>
        </section>
    }
}

#[component]
fn Rung(sheet: Sheet, known: Known) -> impl IntoView {
    let Known { rung, name, text, wait, limit } = known;
    // What is missing for it; None if nothing is.
    let missing = Memo::new(move |_| {
        let find = |rungs: &[crate::model::RungView]| rungs.iter().find(|view| view.rung == rung).and_then(|view| view.reason.clone());
        sheet.stored.with(|stored| find(&stored.rungs))
    });
    let left_out = Memo::new(move |_| sheet.value(limit) == Some(json!(0)));
    let tone = move || if missing.with(Option::is_some) || left_out.get() { "off" } else { "good" };
    let state = move || {
        if left_out.get() { words::STEP_OFF.to_owned() } else { missing.get().unwrap_or_else(|| words::STEP_READY.to_owned()) }
    };
    view! {
        <li class="rung">
            <div class="rung__words">
                <h3 class="rung__name">{name}</h3>
                <p class="rung__text">{text}</p>
                <p class="rung__state" data-tone=tone>
                    <span class="dot" data-tone=tone aria-hidden="true"></span>
                    <span>{state}</span>
                </p>
            </div>
            <div class="rung__fields" role="group" aria-label=name>
                {sheet.row(wait, Some(words::STEP_WAIT))}
                {sheet.row(limit, Some(words::STEP_LIMIT))}
            </div>
        </li>
    }
}
