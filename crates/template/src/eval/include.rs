//! Other templates: `include`, `import`, `extends`.

use std::sync::Arc;

use ksplay_value::Value;

use super::objects::Module;
use super::{Frame, Home, Output, Run};
use crate::Error;
use crate::tree::{Expr, Tree};

impl<'t, 'e> Run<'t, 'e> {
    pub(super) fn include(
        &mut self,
        name: &Expr,
        ignore_missing: bool,
        with_context: bool,
        output: &mut Output,
    ) -> Result<(), Error> {
        let value = self.eval(name)?;
        if let Value::Unknown(_) = value {
            return output.push(self.templar, value);
        }
        let Some((tree, home)) = self.load(&value).map_err(|error| self.locate(error, name.at))? else {
            if ignore_missing {
                return Ok(());
            }
            return Err(self.locate(missing(&value.to_string(), self), name.at));
        };
        let mut run = self.of_file(tree, home, with_context);
        let value = run.nested(Self::template)?.value(self.templar)?;
        if self.extends.is_none() {
            output.push(self.templar, value)?;
        }
        Ok(())
    }

    pub(super) fn import(&mut self, name: &Expr, with_context: bool) -> Result<Value, Error> {
        let value = self.eval(name)?;
        let Some((tree, home)) = self.load(&value).map_err(|error| self.locate(error, name.at))? else {
            return Err(self.locate(missing(&value.to_string(), self), name.at));
        };
        let file = tree.name.clone();
        let mut run = self.of_file(tree, home, with_context);
        let text = run.nested(Self::template)?.into_text(self.templar)?;
        Ok(Module::create(file, run.frames, run.stack, text))
    }

    pub(super) fn load_named(&mut self, name: &Expr) -> Result<Option<(Arc<Tree>, Home)>, Error> {
        let value = self.eval(name)?;
        match self.load(&value).map_err(|error| self.locate(error, name.at))? {
            Some(found) => Ok(Some(found)),
            None => Err(self.locate(missing(&value.to_string(), self), name.at)),
        }
    }

    /// The template file of this name, or the first that exists of several.
    fn load(&mut self, name: &Value) -> Result<Option<(Arc<Tree>, Home)>, Error> {
        match name {
            Value::List(names) | Value::Tuple(names) => {
                for name in names.iter() {
                    let name = self.templar.shallow(name)?;
                    if let Some(found) = self.load(&name)? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            other => {
                super::ops::defined(other)?;
                let current = match &self.home {
                    Home::File(source) => Some(source.name.clone()),
                    _ => None,
                };
                self.templar.load_file(&self.templar.text(other)?, current.as_deref(), &self.options)
            }
        }
    }

    /// A run of a file that this template includes or imports.
    fn of_file(&self, tree: Arc<Tree>, home: Home, with_context: bool) -> Self {
        let mut run = Run::new(self.templar, tree, home);
        run.options = self.options.clone();
        run.depth = self.depth + 1;
        run.sees_scope = with_context;
        if with_context {
            run.frames.clone_from(&self.frames);
            run.frames.push(Frame::new());
            run.top = run.frames.len();
        }
        run
    }
}

pub(super) fn missing(name: &str, run: &Run<'_, '_>) -> Error {
    let paths = run.templar.search_paths();
    let shown: Vec<String> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
    Error::operation(format!("'{name}' not found in search path: {}", shown.join(", ")))
}
