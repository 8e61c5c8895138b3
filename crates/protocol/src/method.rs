//! The programs that change the user: how each is called, how it asks for a password, and what it says when it refuses.

use std::time::Duration;

use crate::{Become, Method};

/// How long a line with a colon must stay as it is to be a question, and not the beginning of a complaint.
pub const QUIET: Duration = Duration::from_millis(100);

/// What is to be known of such a program.
struct Program {
    method: Method,
    name: &'static str,
    /// Its flags where the user gives none; those of `sudo` are Ansible's: the user's home, the password from standard
    /// input, no question where there is no password.
    flags: &'static str,
    /// Flags that decide whether and where it asks, which the password decides instead.
    asking: &'static [&'static str],
    /// What it says of a wrong password, in English.
    refused: &'static [&'static str],
    /// What it says where it needs a password and may not ask.
    missing: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    Program {
        method: Method::Sudo,
        name: "sudo",
        flags: "-H -S -n",
        asking: &["-n", "--non-interactive", "-S", "--stdin"],
        refused: &["incorrect password attempt"],
        missing: &["a password is required"],
    },
    Program {
        method: Method::Su,
        name: "su",
        flags: "",
        asking: &[],
        refused: &["uthentication failure", "incorrect password", "ermission denied"],
        missing: &[],
    },
    Program {
        method: Method::Doas,
        name: "doas",
        flags: "",
        asking: &["-n"],
        refused: &["uthentication failed", "uthorization failed"],
        missing: &["uthentication required", "uthorization required"],
    },
];

impl Method {
    /// Its name, as in `become_method`.
    pub fn name(self) -> &'static str {
        self.program().name
    }

    /// The method of this name.
    pub fn named(name: &str) -> Option<Self> {
        PROGRAMS.iter().find(|program| program.name == name).map(|program| program.method)
    }

    /// The names of all methods.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PROGRAMS.iter().map(|program| program.name)
    }

    /// How it asks for a password. `sudo` is told its question, which has this text in it, that nobody can foresee.
    pub fn prompt(self, nonce: &str) -> Prompt {
        match self {
            Self::Sudo => Prompt::Exactly(format!("[ksplay {nonce}] password:")),
            Self::Su | Self::Doas => Prompt::LineWithColon,
        }
    }

    fn program(self) -> &'static Program {
        PROGRAMS.iter().find(|program| program.method == self).unwrap_or(&PROGRAMS[0])
    }
}

/// How a question for the password is recognized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// By this text, which was given to the program.
    Exactly(String),
    /// By an unfinished line that ends in a colon and stays so for [`QUIET`], in whatever language.
    LineWithColon,
}

impl Prompt {
    /// Whether these words end in a question.
    pub fn asks(&self, unanswered: &str) -> bool {
        match self {
            Self::Exactly(prompt) => unanswered.contains(prompt.as_str()),
            Self::LineWithColon => {
                let line = unanswered.rsplit('\n').next().unwrap_or_default().trim_end();
                line.ends_with(':') || line.ends_with('：')
            }
        }
    }

    /// The words without the question.
    pub fn removed_from(&self, said: &str) -> String {
        match self {
            Self::Exactly(prompt) => said.replace(prompt.as_str(), ""),
            Self::LineWithColon => said.replace('\r', ""),
        }
    }
}

impl Become {
    /// The words of the command, up to what is to be run: for `sudo` and `doas` the words of a program, for `su` the
    /// option `-c` with a text for the user's shell.
    pub fn words(&self, prompt: &Prompt) -> Vec<String> {
        let program = self.method.program();
        let mut words: Vec<&str> = self.exe.as_deref().unwrap_or(program.name).split_whitespace().collect();
        let flags = self.flags.as_deref().unwrap_or(program.flags).split_whitespace();
        let has_password = self.password.is_some();
        words.extend(flags.filter(|flag| !has_password || !program.asking.contains(flag)));
        match (self.method, prompt) {
            (Method::Sudo, Prompt::Exactly(prompt)) => {
                words.extend(has_password.then_some("-S"));
                words.extend(["-p", prompt, "-u", &self.user]);
            }
            (Method::Sudo | Method::Doas, _) => {
                words.extend((self.method == Method::Doas && !has_password).then_some("-n"));
                words.extend(["-u", &self.user]);
            }
            (Method::Su, _) => words.push(&self.user),
        }
        words.into_iter().map(str::to_owned).collect()
    }

    /// What to tell the user of a question that there is no answer to: Ansible's words.
    pub fn missing_password(&self) -> String {
        format!("Missing {} password", self.method.name())
    }

    /// What to tell the user of a password that was refused: Ansible's words.
    pub fn incorrect_password(&self) -> String {
        format!("Incorrect {} password", self.method.name())
    }

    /// What to tell the user of a program that ended with these words instead of changing the user; `answered` says
    /// whether it had the password.
    pub fn complaint(&self, prompt: &Prompt, said: &str, answered: bool) -> String {
        let program = self.method.program();
        let said = prompt.removed_from(said);
        let said = said.trim();
        let has = |words: &[&str]| words.iter().any(|words| said.contains(words));
        if answered && has(program.refused) {
            return self.incorrect_password();
        }
        if !answered && self.password.is_none() && has(program.missing) {
            return self.missing_password();
        }
        if said.is_empty() {
            return format!("{} ended without a word instead of running as user {}", program.name, self.user);
        }
        said.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(becoming: &Become) -> String {
        becoming.words(&becoming.method.prompt("x")).join(" ")
    }

    #[test]
    fn a_password_decides_whether_a_program_may_ask() {
        let without = |method| Become { method, ..Become::sudo("u") };
        let with = |method| Become { password: Some("pw".into()), ..without(method) };
        assert_eq!(words(&without(Method::Sudo)), "sudo -H -S -n -p [ksplay x] password: -u u");
        assert_eq!(words(&with(Method::Sudo)), "sudo -H -S -p [ksplay x] password: -u u");
        assert_eq!(words(&without(Method::Su)), "su u");
        assert_eq!(words(&without(Method::Doas)), "doas -n -u u");
        assert_eq!(words(&with(Method::Doas)), "doas -u u");
        let own = Become { exe: Some("/opt/my sudo".into()), flags: Some("-E -n".into()), ..with(Method::Sudo) };
        assert_eq!(words(&own), "/opt/my sudo -E -S -p [ksplay x] password: -u u");
    }

    #[test]
    fn no_password_is_among_the_words() {
        for method in Method::names().filter_map(Method::named) {
            let becoming = Become { method, password: Some("pw-123".into()), ..Become::sudo("u") };
            assert!(!words(&becoming).contains("pw-123"));
        }
    }

    #[test]
    fn questions_are_known_in_other_languages() {
        assert!(Prompt::LineWithColon.asks("Mot de passe : "));
        assert!(Prompt::LineWithColon.asks("密码："));
        assert!(Prompt::LineWithColon.asks("\rdoas (u@host) password: "));
        assert!(!Prompt::LineWithColon.asks("su: user x does not exist\n"));
    }

    #[test]
    fn what_was_refused_is_told_in_ansibles_words() {
        let doas = Become { method: Method::Doas, ..Become::sudo("u") };
        assert_eq!(
            doas.complaint(&Prompt::LineWithColon, "doas: Authentication required", false),
            "Missing doas password"
        );
        let with = Become { password: Some("pw".into()), ..doas };
        assert_eq!(
            with.complaint(&Prompt::LineWithColon, "doas (u@h) password: \r\ndoas: Authentication failed", true),
            "Incorrect doas password"
        );
        assert_eq!(
            with.complaint(&Prompt::LineWithColon, "doas: Operation not permitted\r\n", false),
            "doas: Operation not permitted"
        );
    }
}
