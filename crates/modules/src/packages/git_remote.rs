//! Branches and tags of a remote git repository.

use super::git::Call;
use crate::{Failure, Probe};

/// What a version means in a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Revision {
    /// The commit, in hexadecimal.
    pub commit: String,
    /// The branch or tag.
    pub name: Option<String>,
    /// Whether that is a branch.
    pub is_branch: bool,
}

/// The commits of a remote repository by name: `HEAD`, `refs/heads/…`, `refs/tags/…`.
pub(super) struct Revisions {
    refs: Vec<(String, String)>,
    /// The branch that `HEAD` is.
    head: Option<String>,
}

/// Whether this can be (the begin of) the name of a commit.
pub(super) fn is_commit(version: &str) -> bool {
    (7..=64).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Revisions {
    /// Asks the repository.
    pub fn of(repo: &str, call: &Call, system: &Probe) -> Result<Self, Failure> {
        Ok(Self::parse(&call.ask(None, &["ls-remote", "--symref", "--", repo], system)?.stdout_text()))
    }

    fn parse(text: &str) -> Self {
        let mut found = Self { refs: Vec::new(), head: None };
        for (value, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            match value.strip_prefix("ref: refs/heads/") {
                Some(branch) if name == "HEAD" => found.head = Some(branch.to_owned()),
                Some(_) => {}
                None => found.refs.push((name.to_owned(), value.to_owned())),
            }
        }
        found
    }

    fn commit(&self, name: &str) -> Option<&String> {
        self.refs.iter().find(|(known, _)| known == name).map(|(_, commit)| commit)
    }

    /// What a version means; `HEAD` is the branch that is checked out, or else the one of the repository.
    pub fn find(&self, version: &str, current: Option<&str>) -> Result<Revision, Failure> {
        if version == "HEAD" {
            let branch = current.filter(|branch| self.commit(&format!("refs/heads/{branch}")).is_some());
            let branch = branch.or(self.head.as_deref());
            if let Some(branch) = branch {
                return self.find(branch, None);
            }
            let commit = self.commit("HEAD").cloned();
            let commit = commit.ok_or_else(|| Failure::new("Could not determine remote revision for HEAD"))?;
            return Ok(Revision { commit, ..Revision::default() });
        }
        let branch = self.commit(&format!("refs/heads/{version}"));
        let tag = || self.commit(&format!("refs/tags/{version}^{{}}")).or(self.commit(&format!("refs/tags/{version}")));
        match (branch, tag()) {
            (Some(commit), _) => {
                Ok(Revision { commit: commit.clone(), name: Some(version.to_owned()), is_branch: true })
            }
            (None, Some(commit)) => {
                Ok(Revision { commit: commit.clone(), name: Some(version.to_owned()), is_branch: false })
            }
            (None, None) if is_commit(version) => Ok(Revision { commit: version.to_owned(), ..Revision::default() }),
            (None, None) => match self.commit(version) {
                Some(commit) => Ok(Revision { commit: commit.clone(), ..Revision::default() }),
                None => Err(Failure::new(format!("Could not determine remote revision for {version}"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_branch_a_tag_or_a_commit() {
        let said = "ref: refs/heads/main\tHEAD\naa\tHEAD\naa\trefs/heads/main\nbb\trefs/heads/dev\ncc\trefs/tags/v1\ndd\trefs/tags/v1^{}\n";
        let revisions = Revisions::parse(said);
        let commit = |version: &str, current| revisions.find(version, current).map(|found| found.commit).ok();
        assert_eq!(commit("HEAD", None).as_deref(), Some("aa"));
        assert_eq!(commit("HEAD", Some("dev")).as_deref(), Some("bb"));
        assert_eq!(commit("HEAD", Some("of-my-own")).as_deref(), Some("aa"));
        assert_eq!(commit("v1", None).as_deref(), Some("dd"));
        assert_eq!(commit("0123456789", None).as_deref(), Some("0123456789"));
        assert_eq!(commit("none", None), None);
    }
}
