//! A server that answers with given bytes: for what the simulator, which speaks HTTP well, does not do.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use actix_web::rt;
use actix_web::rt::net::{TcpListener, TcpStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What is done about a request. After the last step the next request of the connection is awaited.
#[derive(Clone)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes so many times.
    Repeat(Vec<u8>, usize),
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
    /// Does nothing until the other side closes.
    Hold,
}

/// Sends this text.
pub fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

/// Sends a whole answer: what follows `HTTP/1.1`, with headers if there are some, then its length and this body.
pub fn answer(head: &str, body: &[u8]) -> Step {
    let mut bytes =
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Step::Send(bytes)
}

/// Sends a whole document.
pub fn document(body: &[u8]) -> Step {
    answer("200 OK\r\nContent-Type: application/xml", body)
}

/// One request as it came.
#[derive(Clone)]
pub struct Received {
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    /// Request line and headers, with the line ends.
    pub head: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// Reads the request line.
    pub fn line(&self) -> String {
        let head = String::from_utf8_lossy(&self.head);
        head.lines().next().unwrap().to_owned()
    }

    /// Reads the one header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        let fields = self.fields().into_iter();
        let mut values = fields.filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        assert_eq!(values.next(), None);
        Some(value)
    }

    /// Lists the headers in order of their names, which are in lower case.
    pub fn fields(&self) -> Vec<(String, String)> {
        let head = String::from_utf8_lossy(&self.head);
        let lines = head.trim_end().lines().skip(1);
        let mut fields: Vec<_> = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_lowercase(), value.to_owned())
            })
            .collect();
        fields.sort_unstable();
        fields
    }
}

/// A server that does as its scripts say; it ends with the test's runtime.
pub struct RawUpstream {
    address: SocketAddr,
    received: Rc<RefCell<Vec<Received>>>,
}

impl RawUpstream {
    /// Starts a server that has steps for each request in turn, the last ones for all that follow.
    pub fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let address = listener.local_addr().unwrap();
        let received = Rc::new(RefCell::new(Vec::new()));
        let scripts = Rc::new(scripts);
        let log = Rc::clone(&received);
        rt::spawn(async move {
            for number in 0.. {
                let (socket, _) = listener.accept().await.unwrap();
                rt::spawn(serve(socket, number, Rc::clone(&scripts), Rc::clone(&log)));
            }
        });
        Self { address, received }
    }

    /// Tells the origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lists what was asked so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }
}

async fn serve(
    mut socket: TcpStream,
    connection: usize,
    scripts: Rc<Vec<Vec<Step>>>,
    log: Rc<RefCell<Vec<Received>>>,
) {
    while let Some((head, body)) = read(&mut socket).await {
        let number = log.borrow().len();
        log.borrow_mut().push(Received { connection, head, body });
        let steps = scripts.get(number).or(scripts.last()).unwrap();
        for step in steps {
            // A client that has read enough goes; then there is nobody to answer.
            let done = match step {
                Step::Send(bytes) => socket.write_all(bytes).await,
                Step::Repeat(bytes, times) => {
                    let mut done = Ok(());
                    for _ in 0..*times {
                        done = done.and(socket.write_all(bytes).await);
                        if done.is_err() {
                            break;
                        }
                    }
                    done
                }
                Step::Close => return,
                Step::Reset => {
                    socket.set_zero_linger().unwrap();
                    return;
                }
                Step::Hold => {
                    let mut rest = Vec::new();
                    socket.read_to_end(&mut rest).await.map(|_| ())
                }
            };
            if done.is_err() {
                return;
            }
        }
    }
}

/// Reads one request; none where the connection ends.
async fn read(socket: &mut TcpStream) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    socket.read_exact(&mut body).await.ok()?;
    Some((head, body))
}
