//! `package`: packages, whatever manages them on the target.

use ksplay_value::{Map, Value};

use super::apk::{Apk, ApkPlan};
use super::apt::{AptModule, AptPlan};
use super::dnf::{Dnf, DnfPlan};
use crate::arguments::{Opt, OptType};
use crate::facts::look::Look;
use crate::facts::{family, package_manager};
use crate::{Arguments, Failure, Given, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`PackageArgs`].
pub struct Package;

arguments! {
    /// Installs and removes packages, whatever manages them on the target.
    pub struct PackageArgs {
        /// The packages.
        name: Vec<String> = Opt::list(OptType::Str),
        /// `present`, `absent` or `latest`.
        state: Option<String> = Opt::str(),
        /// The package manager to use instead of the one that is found.
        r#use: String = Opt::str().default("auto"),
        /// Read the package lists anew first.
        update_cache: Option<bool> = Opt::bool().aliases(&["update-cache"]),
    }
}

/// What is to be done, by whom.
#[derive(Debug)]
pub enum PackagePlan {
    /// By apt.
    Apt(AptPlan),
    /// By dnf or yum.
    Dnf(DnfPlan),
    /// By apk.
    Apk(ApkPlan),
}

impl Module for Package {
    type Args = PackageArgs;
    type Plan = PackagePlan;

    fn inspect(args: &PackageArgs, system: &Probe) -> Result<Inspection<PackagePlan>, Failure> {
        let look = Look::new(system);
        let manager = match args.r#use.rsplit('.').next().unwrap_or_default() {
            "auto" => package_manager::manager(&look, &family(&look)).to_owned(),
            name => name.to_owned(),
        };
        match manager.as_str() {
            "apt" => inspect_as::<AptModule>("apt", args, system, PackagePlan::Apt),
            "dnf" | "dnf5" | "yum" => inspect_as::<Dnf>("dnf", args, system, PackagePlan::Dnf),
            "apk" => inspect_as::<Apk>("apk", args, system, PackagePlan::Apk),
            "unknown" => Err(Failure::new(
                "Could not detect which package manager to use. Try gathering facts or setting the \"use\" option.",
            )),
            other => Err(Failure::new(format!(
                "the package manager `{other}` is not supported; known are apt, dnf, yum and apk"
            ))),
        }
    }

    fn apply(plan: PackagePlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        match plan {
            PackagePlan::Apt(plan) => AptModule::apply(plan, predicted, system),
            PackagePlan::Dnf(plan) => Dnf::apply(plan, predicted, system),
            PackagePlan::Apk(plan) => Apk::apply(plan, predicted, system),
        }
    }
}

fn inspect_as<M: Module>(
    name: &str,
    args: &PackageArgs,
    system: &Probe,
    wrap: fn(M::Plan) -> PackagePlan,
) -> Result<Inspection<PackagePlan>, Failure> {
    let mut given = Map::new();
    if !args.name.is_empty() {
        given.insert("name", args.name.iter().collect::<Value>());
    }
    if let Some(state) = &args.state {
        given.insert("state", state.as_str());
    }
    if let Some(update) = args.update_cache {
        given.insert("update_cache", update);
    }
    let mut given = Given::check(name, M::Args::SPEC_REF, &given)?;
    let found = M::inspect(&given.typed()?, system)?;
    Ok(Inspection { predicted: found.predicted, plan: found.plan.map(wrap) })
}
