//! The real program, started as people start it.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longer than a start takes on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

const PROFILE: &str = "LLVM_PROFILE_FILE";

/// What the program printed so far: on standard output, and as log.
type Printed = Arc<(Mutex<[String; 2]>, Condvar)>;

/// A program that runs until it is dropped.
pub struct Process {
    child: Child,
    printed: Printed,
    readers: Vec<JoinHandle<()>>,
    /// The log that nobody reads.
    _unread: Option<BufReader<ChildStderr>>,
}

fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupi-gateway"));
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        // Where a build that counts its lines writes the counts.
        .envs(env::var_os(PROFILE).map(|file| (PROFILE, file)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    command(arguments, environment).output().unwrap()
}

/// Runs the program to its end while nobody reads what it prints; its exit code, and what it logged.
pub fn unread(arguments: &[&str]) -> (i32, String) {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = command(arguments, &[]).stdout(writer).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

impl Process {
    /// Starts the program with these arguments and this environment alone.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn(command(arguments, environment))
    }

    /// Starts the program on a terminal of its own; what it logs is on standard output there.
    pub fn start_on_a_terminal(arguments: &str, environment: &[(&str, &str)]) -> Self {
        let line = format!("exec {} {arguments}", env!("CARGO_BIN_EXE_cupi-gateway"));
        let mut terminal = Command::new("script");
        terminal
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env_clear()
            .env("TERM", "xterm")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self::spawn(terminal)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let printed = Printed::default();
        let readers = vec![
            collect(child.stdout.take().unwrap(), 0, Arc::clone(&printed)),
            collect(child.stderr.take().unwrap(), 1, Arc::clone(&printed)),
        ];
        Self { child, printed, readers, _unread: None }
    }

    /// Starts `serve` on a free port, before this upstream, and waits until it listens.
    pub fn serve(upstream: &str, environment: &[(&str, &str)]) -> (Self, SocketAddr) {
        let mut all = vec![
            ("CUPI_GATEWAY__SERVER__BIND", "127.0.0.1:0"),
            ("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0"),
            ("CUPI_GATEWAY__UPSTREAM__URL", upstream),
        ];
        all.extend(environment);
        let process = Self::start(&["serve"], &all);
        let address = address(&process.wait_for(1, "listening"));
        (process, address)
    }

    /// Starts `serve` like [`Self::serve`], and reads nothing of its log after it listens.
    pub fn serve_unread(upstream: &str, environment: &[(&str, &str)]) -> (Self, SocketAddr) {
        let mut all = vec![
            ("CUPI_GATEWAY__SERVER__BIND", "127.0.0.1:0"),
            ("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0"),
            ("CUPI_GATEWAY__UPSTREAM__URL", upstream),
        ];
        all.extend(environment);
        let mut child = command(&["serve"], &all).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening") {
            assert!(log.read_line(&mut line).unwrap() > 0, "{line}");
        }
        let address = address(&line);
        let printed = Printed::default();
        printed.0.lock().unwrap()[1] = line;
        (Self { child, printed, readers: Vec::new(), _unread: Some(log) }, address)
    }

    /// Waits until a whole line with this text was printed (0) or logged (1), and returns all lines.
    pub fn wait_for(&self, stream: usize, text: &str) -> String {
        let (printed, more) = &*self.printed;
        let guard = printed.lock().unwrap();
        let missing = |printed: &mut [String; 2]| !printed[stream].contains(text);
        let (guard, late) = more.wait_timeout_while(guard, DEADLINE, missing).unwrap();
        assert!(!late.timed_out(), "no {text} in {guard:?}");
        guard[stream].clone()
    }

    /// Where the operator's side of a gateway is.
    pub fn admin(&self) -> SocketAddr {
        let log = self.wait_for(1, "listening");
        let admin = log.split("\"admin\":\"").nth(1).unwrap();
        admin.split('"').next().unwrap().parse().unwrap()
    }

    /// Presses Ctrl-C on the program's terminal.
    pub fn press_ctrl_c(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    }

    /// Sends a signal: `TERM` or `INT`.
    pub fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until the program has ended on its own; its exit code, and all that it printed and logged.
    pub fn ended(mut self) -> (i32, [String; 2]) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < DEADLINE, "it does not end");
            thread::sleep(Duration::from_millis(2));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let printed = self.printed.0.lock().unwrap().clone();
        (status.code().unwrap(), printed)
    }

    /// Waits until no thread of the program has anything to do for some milliseconds: lines of its log have a thread of
    /// their own, which waits one for more of them.
    fn rest(&self) {
        let begun = Instant::now();
        let rests =
            |state: String| state.rsplit(") ").next().is_some_and(|state| state.starts_with('S'));
        let threads = || fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let states =
            || threads().map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")));
        let mut looks = 0;
        while looks < 5 {
            looks = if states().all(|state| state.is_ok_and(rests)) { looks + 1 } else { 0 };
            assert!(begun.elapsed() < DEADLINE, "it does not rest");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Counts the descriptors that the program has open.
    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        fs::read_dir(folder).unwrap().count()
    }

    /// Reads one of the kernel's figures of the process, such as `VmHWM`, in KiB.
    pub fn memory(&self, figure: &str) -> u64 {
        self.status(figure).parse().unwrap()
    }

    /// The signals that the program listens to, a bit each.
    pub fn caught_signals(&self) -> u64 {
        u64::from_str_radix(&self.status("SigCgt"), 16).unwrap()
    }

    /// What the kernel says of the process.
    fn status(&self, name: &str) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// Ends the program, which must still run, and returns all that it printed and logged.
    pub fn end(mut self) -> [String; 2] {
        assert!(self.child.try_wait().unwrap().is_none(), "it ended on its own");
        self.rest();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        self.printed.0.lock().unwrap().clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the line that says where a gateway listens.
fn address(log: &str) -> SocketAddr {
    let address = log.split("address").nth(1).unwrap();
    let address = address.split("127.0.0.1:").nth(1).unwrap();
    let port = address.split(|c: char| !c.is_ascii_digit()).next().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}

fn collect(stream: impl Read + Send + 'static, index: usize, printed: Printed) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let (texts, more) = &*printed;
            texts.lock().unwrap()[index].push_str(&String::from_utf8_lossy(&line));
            more.notify_all();
            line.clear();
        }
    })
}
