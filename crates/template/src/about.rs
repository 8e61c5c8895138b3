//! What a template file knows about itself: `template_path`, `template_mtime`, `ansible_managed` and their like.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::{Timestamp, tz::TimeZone};
use ksplay_value::{DateTime, Map, Value};

use crate::eval::{Arguments, call_method};
use crate::filters::{formatted_moment, moment_of};
use crate::{Error, Templar, accounts};

impl Templar<'_> {
    /// The variables that a template file has besides those of the host: its name as it was asked for, where it is and
    /// goes to, whose it is, and when it was changed. `ansible_managed` is the setting's text, unless it is a variable.
    ///
    /// # Errors
    ///
    /// If the file is not there, or the setting `ansible_managed` is no format.
    pub fn about_file(&self, name: &str, file: &Path, dest: Value) -> Result<Map, Error> {
        let unreadable = |error: std::io::Error| Error::operation(format!("{}: {error}", file.display()));
        let metadata = std::fs::metadata(file).map_err(unreadable)?;
        let full = std::path::absolute(file).map_err(unreadable)?;
        let user = accounts::user_name(metadata.uid()).unwrap_or_else(|| metadata.uid().to_string());
        let host = host_name();
        let changed = moment(metadata.modified().map_err(unreadable)?)?;
        let mut about = Map::from([
            ("template_host", Value::from(host.as_str())),
            ("template_path", name.into()),
            ("template_fullpath", full.display().to_string().into()),
            ("template_destpath", dest),
            ("template_uid", user.as_str().into()),
            ("template_mtime", Value::Object(Arc::new(changed))),
            ("template_run_date", Value::Object(Arc::new(moment(SystemTime::now())?))),
        ]);
        if self.scope().get("ansible_managed").is_none() {
            let managed = self.environment().managed.as_deref().unwrap_or("Ansible managed");
            let names = Map::from([("host", host), ("uid", user), ("file", name.to_owned())]);
            let arguments = Arguments { name: "format", values: Vec::new(), kwargs: names, templar: self };
            let managed = call_method(&managed.into(), &arguments)?.to_string();
            about.insert("ansible_managed", formatted_moment(&changed, &managed)?);
        }
        Ok(about)
    }
}

fn moment(time: SystemTime) -> Result<DateTime, Error> {
    let time = Timestamp::try_from(time).map_err(|error| Error::operation(error.to_string()))?;
    moment_of(&time.to_zoned(TimeZone::system()))
}

/// The name of this machine.
fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}
