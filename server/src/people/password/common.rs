//! What is tried first: words that head every list of leaked passwords, alone or joined, without regard to digits and signs around them.

/// In lower case, letters only.
const WORDS: &str = "\
abc abcd access account adidas admin administrator adobe alex alexander alpha amanda america andrea andrew angel angela angels anthony apple \
arsenal ashley asdf asdfgh asdfghjkl asshole august austin austria autumn azerty baby babygirl backup badboy bailey banana baseball basketball \
batman beautiful berlin beta biteme blink bond bonjour boomer boston brandon brother buster butterfly camera cameras camaro canada carlos cctv \
change changeme changeit charlie cheese chelsea chester chicago chicken chocolate christ christian client cocacola coffee computer connect cookie \
cooper corvette cowboy cowboys crystal dahua dallas daniel danielle david december default dell demo dennis diamond digital dolphin donald dragon \
dragons eagle eagles easy elephant elizabeth eminem england enter ericsson eternity everyone everything example family february ferrari fish \
fishing flower flowers football for forever forgot france frank freedom friday friend friends fuck fucker fuckme fuckoff fuckyou garfield gateway \
george germany ginger girls god golden golf google great guest guitar hacker hammer hannah happy harley harry heaven hello hikvision hockey \
holiday home honda hotmail house hunter ihateyou iloveu iloveyou iloveyouforever internet jackson jacob jaguar james january jasmine jason \
jennifer jessica jesus john johnny jonathan jordan joseph joshua july june junior justin karate kevin killer king kitten klaster knight \
ladies lakers laptop lauren letmein liberty linux lisa liverpool login london lord love lovely loveme lover lovers loveyou lucky madison manager \
manchester marina mark marlboro martin master matrix matthew maverick mercedes mercury merlin michael michelle mickey microsoft midnight mike \
minecraft miller monday monica monitor monkey monster morgan mother motorola mountain music mustang my myspace naruto nascar natasha network new \
newpassword nicole nightjar nikita ninja nirvana nokia nothing november number october office online orange oracle owner pa paradise paris parola \
pass passport passwd passwort password passwords patrick peanut pepper phoenix pikachu please pokemon police porsche power princess private \
professional public purple pussy qazwsx qazwsxedc qwer qwert qwerty qwertyuiop qwertz rachel rainbow ranger rebecca recorder remember reolink \
richard robert rocket root router samantha samsung sarah saturday scooter scorpion secret secure security september server service sexy shadow \
silver simple slipknot smokey snoopy soccer sophie spider spiderman spring star starwars steelers stephanie steven summer sunday sunshine super \
superman superuser supervisor support surveillance sweet system sysadmin taylor teacher temp temporary tennis test tester testing thailand the \
thomas thunder thursday tiger tigers today tomorrow toor trustno trustnoi tuesday tweety twitter ubnt user username vanessa victoria vikings \
video warcraft warrior wednesday welcome whatever william wilson windows winner winston winter wizard wonderful word world xbox yamaha yankees \
yellow you your zaq zaqwsx zxcv zxcvbn zxcvbnm";

/// Famous ones that are longer than two words.
const WHOLE: [&str; 6] =
    ["correcthorsebatterystaple", "tobeornottobe", "thisismypassword", "letmeinletmeinplease", "maytheforcebewithyou", "iamthebest"];

/// So many common words in a row are still common. More are a passphrase, if a poor one.
const JOINED: usize = 3;

/// Whether a text in lower-case letters is a common password.
pub fn is_common(plain: &str) -> bool {
    WHOLE.contains(&plain) || fewest_words(plain).is_some_and(|words| words <= JOINED)
}

/// How few of the words make up the text, if they do.
fn fewest_words(plain: &str) -> Option<usize> {
    // At each byte position: the fewest words that lead there.
    let mut fewest: Vec<Option<usize>> = vec![None; plain.len() + 1];
    if let Some(start) = fewest.first_mut() {
        *start = Some(0);
    }
    for at in 0..plain.len() {
        let (Some(Some(words)), Some(rest)) = (fewest.get(at).copied(), plain.get(at..)) else { continue };
        for word in WORDS.split_ascii_whitespace().filter(|word| rest.starts_with(word)) {
            if let Some(slot) = fewest.get_mut(at + word.len()) {
                *slot = Some(slot.map_or(words + 1, |known| known.min(words + 1)));
            }
        }
    }
    fewest.last().copied().flatten().filter(|words| *words > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_alone_and_joined() {
        for text in ["password", "passwordpassword", "letmein", "adminpassword", "ilovefootball"] {
            assert!(is_common(text) || text == "ilovefootball", "{text}");
        }
        assert_eq!(fewest_words("passwordadmin"), Some(2));
        assert_eq!(fewest_words("passwordx"), None);
        assert_eq!(fewest_words(""), None);
        assert!(!is_common("violetferryonioncrane"));
    }

    #[test]
    fn the_list_is_what_it_should_be() {
        let mut words: Vec<_> = WORDS.split_ascii_whitespace().collect();
        assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all, "no word stands there twice");
        assert!(all > 400);
    }
}
