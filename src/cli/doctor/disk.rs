//! The disk that a file is on: how much room it has, and whether it is in this machine.

use std::path::Path;

/// What is known of a disk.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Disk {
    /// Bytes that this user may still write.
    pub free: u64,
    /// The protocol by which another machine serves it; nothing for a disk of this machine, or where that cannot be told.
    pub network: Option<&'static str>,
}

/// Asks the system; nothing where it does not answer.
pub fn disk_of(file: &Path) -> Option<Disk> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let room = rustix::fs::statvfs(folder).ok()?;
    Some(Disk {
        free: room.f_bavail.saturating_mul(room.f_frsize),
        network: network(folder),
    })
}

/// By the file system's magic number, as statfs(2) lists them.
#[cfg(target_os = "linux")]
fn network(folder: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(folder).ok()?.f_type;
    // The field's width differs between machines; the numbers have 32 bits.
    match kind as u64 & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x0102_1997 => Some("9P"),
        0x7375_7245 => Some("Coda"),
        // sshfs, s3fs and many more; a few are local, such as NTFS.
        0x6573_5546 => Some("FUSE"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn network(_folder: &Path) -> Option<&'static str> {
    None
}
