//! The proof that a picture is live: a frame was presented within a bound that follows from the stream's own frame interval. Pure: time is
//! an argument.

/// A moment, read from both of the browser's clocks: the monotonic one may stand still while the machine sleeps, the wall clock may be set.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moment {
    /// `performance.now()`, milliseconds.
    pub mono_ms: f64,
    /// `Date.now()`, milliseconds since 1970 UTC.
    pub wall_ms: f64,
}

impl Moment {
    /// Milliseconds from then to `now`, by the clock that says more: a picture is rather called old than new.
    pub fn age_ms(self, now: Self) -> f64 {
        (now.mono_ms - self.mono_ms).max(now.wall_ms - self.wall_ms).max(0.0)
    }

    /// The moment so many milliseconds before this one.
    #[must_use]
    pub fn minus_ms(self, milliseconds: f64) -> Self {
        Self { mono_ms: self.mono_ms - milliseconds, wall_ms: self.wall_ms - milliseconds }
    }
}

/// Follows the frames that one element presents.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proof {
    /// Usual time between two frames. None: not known yet.
    interval_ms: Option<f64>,
    /// When the newest frame was presented, its media time in seconds and its number.
    newest: Option<(Moment, f64, f64)>,
    /// The last time that somebody asked.
    looked: Option<Moment>,
}

impl Proof {
    /// No picture is called old sooner, milliseconds.
    pub const LEAST_MS: f64 = 2_000.0;
    /// So many frame intervals may pass without a frame.
    pub const INTERVALS: f64 = 3.0;
    /// A longer gap is a fault and no interval, milliseconds.
    const LONGEST_INTERVAL_MS: f64 = 60_000.0;
    /// Looks come several times a second. After a longer pause the page itself hung: it may not have heard of its frames yet.
    const HUNG_MS: f64 = 1_000.0;

    /// `interval_ms`: what the server says of the stream, until frames tell.
    pub fn new(interval_ms: Option<f64>) -> Self {
        let plausible = |interval: &f64| (1.0..=Self::LONGEST_INTERVAL_MS).contains(interval);
        Self { interval_ms: interval_ms.filter(plausible), ..Self::default() }
    }

    /// A new connection: what was shown before proves nothing.
    pub fn restart(&mut self) {
        self.newest = None;
        self.looked = None;
    }

    /// Frame number `count` was presented; `media_time_s` is its time in the stream. Not every frame has to be told.
    pub fn presented(&mut self, now: Moment, media_time_s: f64, count: f64) {
        if let Some((_, media_before, count_before)) = self.newest {
            let interval = (media_time_s - media_before) * 1_000.0 / (count - count_before).max(1.0);
            // A seek and a new timeline are no interval.
            if interval > 0.0 && interval <= Self::LONGEST_INTERVAL_MS {
                self.interval_ms = Some(self.interval_ms.map_or(interval, |usual| (usual * 3.0 + interval) / 4.0));
            }
        }
        self.newest = Some((now, media_time_s, count));
    }

    /// So long may a frame be away before the picture is no longer live, milliseconds.
    pub fn bound_ms(&self) -> f64 {
        self.interval_ms.map_or(Self::LEAST_MS, |interval| Self::LEAST_MS.max(Self::INTERVALS * interval))
    }

    /// Whether the newest frame is too old. Without one there is nothing to be old: false.
    pub fn is_overdue(&mut self, now: Moment) -> bool {
        let hung = self.looked.is_some_and(|looked| looked.age_ms(now) > Self::HUNG_MS);
        self.looked = Some(now);
        !hung && self.newest.is_some_and(|(shown, ..)| shown.age_ms(now) > self.bound_ms())
    }
}

/// The newest picture of an element, as its player last told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// When it was presented.
    pub at: Moment,
    /// How old it was then, as far as known (milliseconds).
    pub lag_ms: f64,
    /// How long it may pass for live (milliseconds).
    pub bound_ms: f64,
}

impl Shown {
    /// A player tells once a second; one that has fallen silent proves nothing. Milliseconds.
    const SILENCE_MS: f64 = 2_500.0;

    /// How old the picture is, milliseconds.
    pub fn age_ms(&self, now: Moment) -> f64 {
        self.at.age_ms(now) + self.lag_ms.max(0.0)
    }

    /// Neither a new picture nor a word of the player for longer than can be.
    pub fn is_overdue(&self, now: Moment) -> bool {
        self.at.age_ms(now) > self.bound_ms + Self::SILENCE_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: f64) -> Moment {
        Moment { mono_ms: ms, wall_ms: 1.8e12 + ms }
    }

    /// Frames every `interval` ms for `seconds`; the moment of the last one.
    fn play(proof: &mut Proof, from: f64, interval: f64, seconds: f64) -> f64 {
        let frames = (seconds * 1_000.0 / interval).floor() as u32;
        for frame in 0..=frames {
            let ms = f64::from(frame) * interval;
            proof.presented(at(from + ms), ms / 1_000.0, f64::from(frame));
            assert!(!proof.is_overdue(at(from + ms)));
        }
        from + f64::from(frames) * interval
    }

    #[test]
    fn two_seconds_without_a_frame_and_a_fast_picture_is_old() {
        let mut proof = Proof::default();
        let end = play(&mut proof, 0.0, 40.0, 5.0);
        assert_eq!(proof.bound_ms(), 2_000.0);
        for ms in (0..=2_000).step_by(200) {
            assert!(!proof.is_overdue(at(end + f64::from(ms))), "{ms}");
        }
        assert!(proof.is_overdue(at(end + 2_001.0)));
    }

    #[test]
    fn a_slow_camera_may_take_three_of_its_own_intervals() {
        let mut proof = Proof::new(Some(4_000.0));
        assert_eq!(proof.bound_ms(), 12_000.0);
        let mut slow = Proof::default();
        for frame in 0..20 {
            slow.presented(at(f64::from(frame) * 1_500.0), f64::from(frame) * 1.5, f64::from(frame));
        }
        assert!((slow.bound_ms() - 4_500.0).abs() < 1.0, "{}", slow.bound_ms());
        // It has become fast: soon it may no longer be as slow.
        for frame in 1..=40 {
            slow.presented(at(28_500.0 + f64::from(frame) * 40.0), 28.5 + f64::from(frame) * 0.04, 19.0 + f64::from(frame));
        }
        assert_eq!(slow.bound_ms(), 2_000.0);
        assert_eq!(Proof::new(Some(f64::NAN)).bound_ms(), 2_000.0);
        proof.restart();
        assert!(!proof.is_overdue(at(1e9)), "no frame yet");
    }

    #[test]
    fn a_page_that_hung_looks_twice_and_one_that_slept_does_not_call_it_live() {
        let mut proof = Proof::default();
        let end = play(&mut proof, 0.0, 40.0, 2.0);
        // The page hung for 3 s: its frames were presented, and it hears of the newest one right after.
        assert!(!proof.is_overdue(at(end + 3_000.0)));
        assert!(proof.is_overdue(at(end + 3_200.0)), "none came: it is old");
        // The machine slept for an hour, and with it the monotonic clock.
        let mut slept = Proof::default();
        let end = play(&mut slept, 0.0, 40.0, 2.0);
        let woken = Moment { mono_ms: end + 100.0, wall_ms: 1.8e12 + end + 3.6e6 };
        assert!(!slept.is_overdue(woken));
        assert!(slept.is_overdue(Moment { mono_ms: woken.mono_ms + 200.0, wall_ms: woken.wall_ms + 200.0 }));
    }

    #[test]
    fn seeks_and_new_timelines_are_no_interval() {
        let mut proof = Proof::default();
        play(&mut proof, 0.0, 40.0, 2.0);
        proof.presented(at(3_000.0), 900.0, 60.0);
        proof.presented(at(3_040.0), 0.0, 61.0);
        assert_eq!(proof.bound_ms(), 2_000.0);
    }

    #[test]
    fn a_player_that_falls_silent_proves_nothing() {
        let shown = Shown { at: at(1_000.0), lag_ms: 150.0, bound_ms: 2_000.0 };
        assert_eq!(shown.age_ms(at(4_000.0)), 3_150.0);
        assert!(!shown.is_overdue(at(5_400.0)));
        assert!(shown.is_overdue(at(5_600.0)));
    }

    proptest! {
        /// However frames come: a picture whose newest frame is older than the bound is called old at the second look at the latest,
        /// and one that is younger never.
        #[test]
        fn old_is_old(gaps in prop::collection::vec(1.0..5_000.0_f64, 1..60), wait in 0.0..60_000.0_f64) {
            let mut proof = Proof::default();
            let (mut now, mut media) = (0.0, 0.0);
            for (frame, gap) in gaps.iter().enumerate() {
                now += gap;
                media += gap / 1_000.0;
                proof.presented(at(now), media, frame as f64);
            }
            let bound = proof.bound_ms();
            prop_assert!(bound >= Proof::LEAST_MS && bound <= Proof::LEAST_MS.max(15_000.0));
            let first = proof.is_overdue(at(now + wait));
            let second = proof.is_overdue(at(now + wait));
            prop_assert_eq!(second, wait > bound);
            prop_assert!(!first || wait > bound);
        }
    }
}
