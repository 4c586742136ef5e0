//! An SSH server of the test's own: on loopback, with its own keys and settings, gone at the end of the test.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::pty::{Opening, PATIENCE, Terminal, send_signal};

/// No server outlives these seconds, whatever becomes of its test.
const LONGEST_LIFE: &str = "300";

/// A running server.
pub struct Server {
    folder: tempfile::TempDir,
    running: Running,
    port: u16,
    user: String,
}

/// The server's process; ended when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Not killed: what bounds its life must hand the end on to it.
        if matches!(self.0.try_wait(), Ok(None)) {
            send_signal("TERM", self.0.id());
        }
        let _ = self.0.wait();
    }
}

/// Where a program is on this system; none with a word where it is not, which in CI is a failure.
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("{program} is not installed"));
    }
    found
}

fn skip(why: &str) {
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "{why}");
    eprintln!("skipped: {why}");
}

/// Makes a key without a passphrase, and its `.pub` beside it.
pub fn new_key(file: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "somebody@laptop"])
        .arg("-f")
        .arg(file)
        .status();
    assert!(made.unwrap().success());
}

/// What the server allows is as much as can be, so that it is the key's line that forbids.
fn sshd_config(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host_key\nPidFile {folder}/sshd.pid\n\
         AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nUseDNS no\nPrintMotd no\nPrintLastLog no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nLoginGraceTime 30\n\
         AcceptEnv *\nAllowTcpForwarding yes\nAllowStreamLocalForwarding yes\nAllowAgentForwarding yes\nX11Forwarding yes\n\
         Subsystem sftp internal-sftp\n"
    )
}

impl Server {
    /// A server that lets nobody in yet; none with a word where there is no OpenSSH.
    pub fn start() -> Option<Server> {
        Server::start_with("")
    }

    /// The same with further settings, in which the account `relabel` is the one that runs the test.
    pub fn start_with(settings: &str) -> Option<Server> {
        let sshd = installed("sshd")?;
        for program in ["ssh", "ssh-keygen", "timeout"] {
            installed(program)?;
        }
        let output = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        // Where a server of root's shuts its unprivileged part in; made when the system's own server starts.
        if user == "root" && std::fs::create_dir_all("/run/sshd").is_err() {
            skip("/run/sshd cannot be made");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let settings = settings.replace("User relabel", &format!("User {user}"));
        new_key(&folder.path().join("host_key"));
        std::fs::write(folder.path().join("authorized_keys"), "").unwrap();
        // Another process may take the free port before the server does.
        for _ in 0..5 {
            let port = free_port();
            let config = folder.path().join("sshd_config");
            std::fs::write(&config, sshd_config(folder.path(), port) + &settings).unwrap();
            let mut running = Running(
                Command::new("timeout")
                    .args(["-k", "5", LONGEST_LIFE])
                    .arg(&sshd)
                    .args(["-D", "-e", "-f"])
                    .arg(&config)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(File::create(folder.path().join("log")).unwrap())
                    .spawn()
                    .unwrap(),
            );
            if answers(&mut running.0, port) {
                let key = std::fs::read_to_string(folder.path().join("host_key.pub")).unwrap();
                let known = format!("[127.0.0.1]:{port} {key}");
                std::fs::write(folder.path().join("known_hosts"), known).unwrap();
                return Some(Server {
                    folder,
                    running,
                    port,
                    user,
                });
            }
        }
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        skip(&format!("the server does not start:\n{log}"));
        None
    }

    /// Has all clients from now on come by a slow line.
    pub fn move_behind(&mut self, bits_per_second: u64, round_trip: Duration) {
        let line = super::proxy::slow_line(self.port, bits_per_second, round_trip);
        let known = std::fs::read_to_string(self.path("known_hosts")).unwrap();
        let known = known.replace(&format!(":{} ", self.port), &format!(":{line} "));
        std::fs::write(self.path("known_hosts"), known).unwrap();
        self.port = line;
    }

    /// What the server has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// A file of the server's folder, where clients may keep theirs, too.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets somebody in by this line, in place of everybody before.
    pub fn authorize(&self, lines: &str) {
        std::fs::write(self.path("authorized_keys"), lines).unwrap();
    }

    /// Options of ssh, sftp and scp that leave nothing to the machine's own settings.
    pub fn client_options(&self, key: &Path) -> Vec<String> {
        let mut words = vec!["-F".to_owned(), "none".to_owned()];
        words.extend(["-i".to_owned(), key.to_str().unwrap().to_owned()]);
        for option in [
            format!("Port={}", self.port),
            format!("UserKnownHostsFile={}", self.path("known_hosts").display()),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
            "BatchMode=yes".to_owned(),
            "ConnectTimeout=20".to_owned(),
        ] {
            words.extend(["-o".to_owned(), option]);
        }
        words
    }

    /// Account and host, as clients name them.
    pub fn host(&self) -> String {
        format!("{}@127.0.0.1", self.user)
    }

    /// Logs in on a terminal with further options, and a command perhaps.
    pub fn log_in(&self, key: &Path, options: &[&str], command: &[&str]) -> Terminal {
        let mut arguments = vec!["-tt".to_owned()];
        arguments.extend(self.client_options(key));
        arguments.extend(options.iter().map(|&option| option.to_owned()));
        arguments.extend(["--".to_owned(), self.host()]);
        arguments.extend(command.iter().map(|&word| word.to_owned()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ssh = installed("ssh").unwrap();
        let opening = Opening {
            program: Some(&ssh),
            ..Opening::default()
        };
        Terminal::open(self.folder.path(), &arguments, opening)
    }

    /// Runs a client without a terminal, with further arguments; nothing on its stdin.
    #[track_caller]
    pub fn client(&self, program: &str, key: &Path, arguments: &[&str]) -> Output {
        self.client_with(program, key, arguments, "")
    }

    /// Runs a client without a terminal, with further arguments and a text on its stdin; bounded.
    #[track_caller]
    pub fn client_with(
        &self,
        program: &str,
        key: &Path,
        arguments: &[&str],
        input: &str,
    ) -> Output {
        let said = self.path("said");
        std::fs::write(&said, input).unwrap();
        let patience = PATIENCE.as_secs().to_string();
        let output = Command::new("timeout")
            .args([&patience, program])
            .args(self.client_options(key))
            .args(arguments)
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("DISPLAY")
            .current_dir(self.folder.path())
            .stdin(File::open(said).unwrap())
            .output()
            .unwrap();
        assert_ne!(
            output.status.code(),
            Some(124),
            "{program} {arguments:?} does not end"
        );
        output
    }
}

/// Waits until the server takes connections; false where it has ended.
fn answers(child: &mut Child, port: u16) -> bool {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
