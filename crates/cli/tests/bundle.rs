//! `ksplay bundle` against a vendor's server with small files, and against itself.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A server with the layout of the vendor. It knows what was asked for.
struct Vendor {
    url: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Vendor {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (files, asked) = (Arc::default(), Arc::default());
        let vendor = Self { url, files: Arc::clone(&files), asked: Arc::clone(&asked) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
                let path = head.next().unwrap().unwrap().split(' ').nth(1).unwrap().to_owned();
                while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                let body = files.lock().unwrap().get(&path).cloned();
                asked.lock().unwrap().push(path);
                let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
                let body = body.unwrap_or_default();
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).unwrap();
            }
        });
        for architecture in ["amd64", "arm64"] {
            for program in ["kubelet", "kubeadm", "kubectl", "crictl"] {
                let bytes = format!("{program} for {architecture}").into_bytes();
                let path = format!("/release/v1.20.2/bin/linux/{architecture}/{program}");
                vendor.put(&format!("{path}.sha256"), sha256(&bytes).as_bytes());
                vendor.put(&path, &bytes);
            }
        }
        let image = vec![7; 3 << 20];
        vendor.put("/images/SHA256SUMS", format!("{}  pause.tar\n", sha256(&image)).as_bytes());
        vendor.put("/images/pause.tar", &image);
        vendor
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
    }

    /// What was asked for since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// A folder with the vars.yml for this vendor.
    fn settings(&self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let url = &self.url;
        let text = format!(
            "kube_version: v1.20.2\nkube_download_url: {url}/release\nkube_images_url: {url}/images\n\
             crictl_download_url: '{url}/release/v1.20.2/bin/linux/{{{{ kube_architecture }}}}/crictl'\n\
             kube_image_archives: [{{name: pause, archive: pause.tar, groups: [k8s-cluster]}}]\n\
             download_retries: 0\n"
        );
        fs::write(dir.path().join("vars.yml"), text).unwrap();
        dir
    }
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ksplay"));
    command.args(arguments).current_dir(dir).env("HOME", dir).env_remove("XDG_CACHE_HOME").env_remove("ANSIBLE_CONFIG");
    command
}

/// The exit code, standard output and standard error.
fn ksplay(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = command(dir, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn create(dir: &Path, more: &[&str]) -> (i32, String, String) {
    ksplay(dir, &[&["bundle", "create", "-e", "@vars.yml", "--architecture", "amd64,arm64"], more].concat())
}

/// A server of a bundle, stopped at the end.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(dir: &Path, bundle: &str) -> Self {
        let mut process = command(dir, &["bundle", "serve", "--listen", "127.0.0.1:0", bundle])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().split_once("download_base_url=")?.1.to_owned())).unwrap();
        // What it says of each request has to go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_bundle_holds_what_the_role_needs_and_serves_it_to_the_role() {
    let vendor = Vendor::start();
    let dir = vendor.settings();
    let (code, said, errors) = create(dir.path(), &["one.bundle"]);
    assert_eq!((code, &*errors), (0, ""), "{said}");
    assert!(said.ends_with("12 files (7 MiB) are in one.bundle\n"), "{said}");
    assert!(!dir.path().join("one.bundle.partial").exists());

    let server = Server::start(dir.path(), "one.bundle");
    vendor.asked();
    let (code, said, _) = create(dir.path(), &["--base-url", &server.url, "two.bundle"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(vendor.asked(), [""; 0], "all of it came from the bundle");
    let read = |name| fs::read(dir.path().join(name)).unwrap();
    assert!(read("one.bundle") == read("two.bundle"), "the same files give the same bundle");
}

#[test]
fn a_server_gives_the_files_of_the_bundle_and_nothing_else() {
    let dir = Vendor::start().settings();
    assert_eq!(create(dir.path(), &["one.bundle"]).0, 0);
    let server = Server::start(dir.path(), "one.bundle");
    let kubelet = server.ask("GET /v1.20.2/arm64/kubelet HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(kubelet, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\nConnection: close\r\n\r\nkubelet for arm64");
    let head = server.ask("HEAD /v1.20.2/arm64/kubelet HTTP/1.1\r\n\r\n");
    assert_eq!(head, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\nConnection: close\r\n\r\n");
    assert!(server.ask("GET / HTTP/1.1\r\n\r\n").contains("\nv1.20.2/amd64/pause.tar\n"));
    for (request, status) in [
        ("GET /vars.yml HTTP/1.1\r\n\r\n", "404"),
        ("GET /v1.20.2/../../vars.yml HTTP/1.1\r\n\r\n", "404"),
        ("GET /v1.20.2/amd64 HTTP/1.1\r\n\r\n", "404"),
        ("PUT /v1.20.2/amd64/kubelet HTTP/1.1\r\n\r\n", "405"),
        ("hello\r\n\r\n", "400"),
    ] {
        let answer = server.ask(request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
    }
}

#[test]
fn an_interrupted_bundle_goes_on_where_it_stopped() {
    let vendor = Vendor::start();
    let dir = vendor.settings();
    let path = "/release/v1.20.2/bin/linux/arm64/kubeadm";
    vendor.put(path, b"something else");
    let (code, said, errors) = create(dir.path(), &["one.bundle"]);
    assert_eq!(code, 2);
    assert!(said.contains("The checksum for ") && said.contains("did not match"), "{said}");
    assert!(errors.contains("What is complete is kept in ") && errors.contains("one.bundle.partial"), "{errors}");
    assert!(!dir.path().join("one.bundle").exists());

    vendor.put(path, b"kubeadm for arm64");
    vendor.asked();
    let (code, said, _) = create(dir.path(), &["one.bundle"]);
    assert_eq!(code, 0, "{said}");
    let asked = vendor.asked();
    assert!(asked.contains(&path.to_owned()), "{asked:?}");
    assert!(!asked.iter().any(|asked| asked.contains("amd64") || asked.ends_with("/kubelet")), "{asked:?}");
    assert!(!dir.path().join("one.bundle.partial").exists());
}

#[test]
fn what_an_earlier_try_with_other_settings_left_is_not_packed() {
    let vendor = Vendor::start();
    let dir = vendor.settings();
    let old = dir.path().join("one.bundle.partial/v1.19.0/amd64");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("kubelet"), "old").unwrap();
    fs::write(old.join("SHA256SUMS"), format!("{}  kubelet\n", sha256(b"old"))).unwrap();
    assert_eq!(create(dir.path(), &["one.bundle"]).0, 0);
    let (code, said, _) = ksplay(dir.path(), &["bundle", "extract", "one.bundle", "here"]);
    assert_eq!(code, 0, "{said}");
    assert!(!dir.path().join("here/v1.19.0").exists());
}

#[test]
fn extracting_checks_everything_before_anything_is_in_its_place() {
    let dir = Vendor::start().settings();
    assert_eq!(create(dir.path(), &["one.bundle"]).0, 0);
    let here = dir.path().join("here");
    fs::create_dir_all(here.join("v1.19.0")).unwrap();
    let extract = |bundle: &str| ksplay(dir.path(), &["bundle", "extract", bundle, "here"]);
    let mut bytes = fs::read(dir.path().join("one.bundle")).unwrap();
    let at = bytes.windows(17).position(|bytes| bytes == b"kubectl for arm64").unwrap();
    bytes[at] = b'K';
    fs::write(dir.path().join("damaged.bundle"), &bytes).unwrap();
    let (code, _, errors) = extract("damaged.bundle");
    assert_eq!(code, 1);
    assert_eq!(
        errors,
        "error: the bundle damaged.bundle is damaged: v1.20.2/arm64/kubectl has the wrong checksum or none\n  \
         = help: copy the bundle once more, or create it anew\n"
    );
    fs::write(dir.path().join("short.bundle"), &bytes[..bytes.len() / 2]).unwrap();
    let (code, _, errors) = extract("short.bundle");
    assert_eq!(code, 1);
    assert!(errors.starts_with("error: cannot read the bundle short.bundle: "), "{errors}");
    assert_eq!(fs::read_dir(&here).unwrap().count(), 1, "nothing came, nothing is left behind");

    for _ in 0..2 {
        let (code, said, _) = extract("one.bundle");
        assert_eq!((code, &*said), (0, "12 files (7 MiB) are in here, their checksums are right\n"));
        assert_eq!(fs::read(here.join("v1.20.2/arm64/kubectl")).unwrap(), b"kubectl for arm64");
    }
    assert_eq!(fs::read_dir(&here).unwrap().count(), 2);
}

const HAND_ON: &str = "\
- hosts: all
  gather_facts: true
  gather_subset: ['!all']
  vars:
    ansible_connection: local
    ip: 127.0.0.1
    local_release_dir: '{{ playbook_dir }}/{{ inventory_hostname }}'
    download_dir: '{{ playbook_dir }}/taskbox'
  tasks:
    - ansible.builtin.include_role:
        name: download
        tasks_from: hand-on.yml
";

#[test]
fn a_taskbox_gets_each_file_once_and_hands_it_on_to_those_who_need_it() {
    let vendor = Vendor::start();
    let dir = vendor.settings();
    let roles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../roles");
    std::os::unix::fs::symlink(roles, dir.path().join("roles")).unwrap();
    fs::write(dir.path().join("site.yml"), HAND_ON).unwrap();
    let run = || ksplay(dir.path(), &["-i", "a,b,", "-e", "@vars.yml", "site.yml"]);
    let (code, said, _) = run();
    assert_eq!(code, 0, "{said}");
    let mut asked = vendor.asked();
    asked.sort();
    let count = asked.len();
    asked.dedup();
    assert_eq!((asked.len(), count), (10, 10), "{asked:?}");
    let kubelet = |of: &str| {
        let architecture = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
        dir.path().join(format!("{of}/v1.20.2/{architecture}/kubelet"))
    };
    for of in ["taskbox", "a", "b"] {
        assert!(fs::read_to_string(kubelet(of)).unwrap().starts_with("kubelet for "), "{of}");
    }

    fs::remove_dir_all(dir.path().join("taskbox")).unwrap();
    let (code, said, _) = run();
    assert_eq!((code, said.matches("changed=0").count()), (0, 2), "{said}");
    assert_eq!(vendor.asked(), [""; 0], "nobody needed anything");

    fs::remove_file(kubelet("b")).unwrap();
    let (code, said, _) = run();
    assert_eq!(code, 0, "{said}");
    assert!(kubelet("b").exists() && said.contains("changed: [b] => (item=kubelet)"), "{said}");
    assert!(!said.contains("changed: [a] => (item=kubelet)"), "{said}");
}
