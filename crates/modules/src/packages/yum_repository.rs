//! `yum_repository`: repositories of `yum` and `dnf`.

use std::path::PathBuf;

use ksplay_value::Value;

use super::settings::{joined, settings};
use crate::accounts::text_file;
use crate::arguments::{Opt, OptType};
use crate::files::Rewrite;
use crate::files::attributes::Current;
use crate::text::sections::{self, Section};
use crate::{Failure, FileAttributes, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`RepositoryArgs`].
pub struct YumRepository;

arguments! {
    /// Keeps a repository of yum or dnf in a file of `/etc/yum.repos.d`.
    pub struct RepositoryArgs {
        /// The name that yum knows the repository by.
        name: String = Opt::str().required(),
        /// Whether it is there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// The file, without `.repo`; the repository's name when it is not given.
        file: Option<String> = Opt::str(),
        /// The directory of the file.
        reposdir: PathBuf = Opt::path().default("/etc/yum.repos.d"),
    }
    includes { settings: RepositorySettings, attributes: FileAttributes }
    rules {
        required_if: &[("state", "present", &["description"])],
        required_any_if: &[("state", "present", &["baseurl", "mirrorlist", "metalink"])],
    }
}

settings! {
    /// What the file says of the repository.
    pub struct RepositorySettings;
    /// Whether packages are loaded in parallel; obsolete.
    "async" = Opt::bool();
    /// The bandwidth in bytes a second that `throttle` counts from.
    "bandwidth" = Opt::str();
    /// Where the repository is; several for mirrors.
    "baseurl" = Opt::list(OptType::Str);
    /// How dear the repository is beside others.
    "cost" = Opt::str();
    /// Whether the machine is counted by the mirrors.
    "countme" = Opt::bool();
    /// Up to which part of the packages metadata of differences is loaded; obsolete.
    "deltarpm_metadata_percentage" = Opt::str();
    /// Up to which part of the package a difference is loaded.
    "deltarpm_percentage" = Opt::str();
    /// The name for people (`name` in the file).
    "description" = Opt::str();
    /// Whether it is used.
    "enabled" = Opt::bool();
    /// Whether its groups are used.
    "enablegroups" = Opt::bool();
    /// The packages that are not taken from it.
    "exclude" = Opt::list(OptType::Str).aliases(&["excludepkgs"]);
    /// In which order several addresses are tried.
    "failovermethod" = Opt::str().choices(&["roundrobin", "priority"]);
    /// The authority for the keys; obsolete.
    "gpgcakey" = Opt::str();
    /// Whether signatures of packages are checked.
    "gpgcheck" = Opt::bool();
    /// The keys.
    "gpgkey" = Opt::list(OptType::Str);
    /// Whether the signature of the list of packages is checked.
    "repo_gpgcheck" = Opt::bool();
    /// What caches on the way may keep; obsolete.
    "http_caching" = Opt::str().choices(&["all", "packages", "none"]);
    /// A file to be included.
    "include" = Opt::str();
    /// The only packages that are taken from it.
    "includepkgs" = Opt::list(OptType::Str);
    /// Which addresses of the servers count.
    "ip_resolve" = Opt::str().choices(&["4", "6", "IPv4", "IPv6", "whatever"]);
    /// Whether connections are used again; obsolete.
    "keepalive" = Opt::bool();
    /// Whether packages are kept once they are installed; obsolete.
    "keepcache" = Opt::str().choices(&["0", "1"]);
    /// How long metadata counts.
    "metadata_expire" = Opt::str();
    /// Which commands need fresh metadata; obsolete.
    "metadata_expire_filter" = Opt::str()
        .choices(&["never", "read-only:past", "read-only:present", "read-only:future"]);
    /// Where a list of mirrors with checksums is.
    "metalink" = Opt::str();
    /// Where a list of mirrors is.
    "mirrorlist" = Opt::str();
    /// How long the list of mirrors counts; obsolete.
    "mirrorlist_expire" = Opt::str();
    /// Whether its packages count even where modules hide them.
    "module_hotfixes" = Opt::bool();
    /// The password for the server.
    "password" = Opt::str().no_log();
    /// Its place beside others, from 1 to 99.
    "priority" = Opt::str();
    /// Whether its packages are kept from others; obsolete.
    "protect" = Opt::bool();
    /// The proxy, or `_none_`.
    "proxy" = Opt::str();
    /// The password for the proxy.
    "proxy_password" = Opt::str().no_log();
    /// The user for the proxy.
    "proxy_username" = Opt::str();
    /// How often a load is tried.
    "retries" = Opt::str();
    /// Whether it lies in S3.
    "s3_enabled" = Opt::bool();
    /// Whether the rest goes on when it cannot be reached.
    "skip_if_unavailable" = Opt::bool();
    /// Whether the permissions of certificates are looked at; obsolete.
    "ssl_check_cert_permissions" = Opt::bool();
    /// The certificates of the authorities.
    "sslcacert" = Opt::str().aliases(&["ca_cert"]);
    /// The certificate for the server.
    "sslclientcert" = Opt::str().aliases(&["client_cert"]);
    /// Its key.
    "sslclientkey" = Opt::str().aliases(&["client_key"]);
    /// Whether the server's certificate is checked.
    "sslverify" = Opt::bool().aliases(&["validate_certs"]);
    /// How much of the bandwidth is used.
    "throttle" = Opt::str();
    /// How many seconds a connection may take.
    "timeout" = Opt::str();
    /// The variables that are shown with the name; obsolete.
    "ui_repoid_vars" = Opt::str();
    /// The user for the server.
    "username" = Opt::str();
}

impl RepositorySettings {
    /// The options as the file has them.
    fn options(&self) -> Vec<(String, String)> {
        let written = self.0.iter().map(|(name, value)| {
            let text = match value {
                Value::Bool(on) => i32::from(*on).to_string(),
                list => joined(list, if matches!(*name, "baseurl" | "gpgkey") { "\n" } else { " " }),
            };
            (if *name == "description" { "name" } else { name }.to_owned(), text)
        });
        let mut options: Vec<_> = written.collect();
        options.sort_unstable();
        options
    }
}

/// What the file is to hold; nothing when it goes.
#[derive(Debug)]
pub struct RepositoryPlan {
    text: Option<String>,
    rewrite: Rewrite,
}

impl Module for YumRepository {
    type Args = RepositoryArgs;
    type Plan = RepositoryPlan;

    fn inspect(args: &RepositoryArgs, system: &Probe) -> Result<Inspection<RepositoryPlan>, Failure> {
        if !system.is_dir(&args.reposdir) {
            let message = format!("Repo directory '{}' does not exist.", args.reposdir.display());
            return Err(Failure::new(message).missing());
        }
        let path = args.reposdir.join(format!("{}.repo", args.file.as_ref().unwrap_or(&args.name)));
        let mut repositories = sections::parse(&text_file::read(&path, system)?)
            .map_err(|(line, what)| Failure::new(format!("cannot read {}: line {line}: {what}", path.display())))?;
        let before = sorted(&repositories);
        let place = repositories.iter().position(|section| section.name == args.name);
        if let Some(place) = place {
            repositories.remove(place);
        }
        if args.state == "present" {
            repositories.push(Section { name: args.name.clone(), options: args.settings.options() });
        }
        let after = sorted(&repositories);
        let mut outcome = Outcome::default();
        outcome.values.insert("repo", args.name.as_str());
        outcome.values.insert("state", args.state.as_str());
        if system.diff {
            outcome.diff = text_file::diff(&path, &before, &after).into();
        }
        let found = system.metadata(&path).ok();
        let current = found.as_ref().map_or_else(|| Current::new_file(system), Current::of);
        let stays = !repositories.is_empty();
        let changes_attributes = stays && !args.attributes.change(&path, &current, system)?.is_empty();
        if before == after && !changes_attributes {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let text = match before == after {
            true => text_file::read(&path, system)?,
            false => sections::text(&repositories, "\t"),
        };
        let rewrite = Rewrite { path, backup: false, validate: None, attributes: args.attributes.clone() };
        Ok(Inspection::change(outcome, RepositoryPlan { text: stays.then_some(text), rewrite }))
    }

    fn apply(plan: RepositoryPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let path = &plan.rewrite.path;
        match plan.text {
            Some(text) => {
                plan.rewrite.write(text.as_bytes(), system)?;
                plan.rewrite.attributes.ensure(path, system)?;
            }
            None => system
                .remove_file(path)
                .map_err(|error| Failure::new(format!("cannot remove {}: {error}", path.display())))?,
        }
        Ok(predicted)
    }
}

/// The text by which two states of a file are compared: their order is none of the repositories' business.
fn sorted(repositories: &[Section]) -> String {
    let mut sections = repositories.to_vec();
    sections.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    sections.iter_mut().for_each(|section| section.options.sort_unstable());
    sections::text(&sections, "")
}
