//! A slow line: a relay of TCP connections on loopback with a bounded rate and a delay in each direction.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that travel together.
const PACKET: usize = 512;

/// Starts a relay to a port of this machine; its own port. It lives as long as the test program.
pub fn slow_line(to: u16, bits_per_second: u64, round_trip: Duration) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else {
                continue;
            };
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                relay(from, to, bits_per_second, round_trip / 2);
            }
        }
    });
    port
}

/// One direction: read at the line's rate, written after the delay.
fn relay(mut from: TcpStream, to: TcpStream, bits_per_second: u64, delay: Duration) {
    let (sender, packets) = channel();
    thread::spawn(move || deliver(to, &packets));
    thread::spawn(move || {
        let mut block = [0; PACKET];
        let mut free_at = Instant::now();
        while let Ok(read) = from.read(&mut block) {
            if read == 0 {
                break;
            }
            let takes = Duration::from_micros(8_000_000 * read as u64 / bits_per_second);
            free_at = free_at.max(Instant::now()) + takes;
            thread::sleep(free_at.saturating_duration_since(Instant::now()));
            if sender
                .send((free_at + delay, block[..read].to_vec()))
                .is_err()
            {
                break;
            }
        }
    });
}

fn deliver(mut to: TcpStream, packets: &Receiver<(Instant, Vec<u8>)>) {
    for (at, bytes) in packets {
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
