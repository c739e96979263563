use super::*;
use std::cell::RefCell;

/// Takes so many bytes and no more.
struct Small {
    bytes: RefCell<Vec<u8>>,
    room: usize,
    syncs: RefCell<usize>,
}

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room - self.bytes.borrow().len();
        if room == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        let written = bytes.len().min(room);
        self.bytes.borrow_mut().extend_from_slice(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for Small {
    fn sync(&self) -> io::Result<()> {
        *self.syncs.borrow_mut() += 1;
        Ok(())
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.bytes.borrow_mut().truncate(usize::try_from(length).unwrap());
        Ok(())
    }
}

#[test]
fn a_write_that_does_not_fit_is_cut_off_again() {
    let large = Bytes::from(vec![1; 2 * BUFFER]);
    let small = Bytes::from(vec![2; 100]);
    let pieces = [large, small.clone(), small.clone(), small.clone(), small.clone(), small.clone()];
    // In the middle of a large piece, at its end, in what is buffered behind it, and a byte too little for all.
    for room in [1000, 2 * BUFFER + 500, 2 * BUFFER + 650, 2 * BUFFER + 999] {
        let mut disk = Small { bytes: RefCell::new(Vec::new()), room, syncs: RefCell::new(0) };
        let first = append(&mut disk, 0, &vec![small.clone(); 5]).unwrap();
        assert_eq!((first, *disk.syncs.borrow()), (500, 1));
        let error = append(&mut disk, first, &pieces).unwrap_err();
        assert!(matches!(WriteError::from(error), WriteError::Full));
        assert_eq!(disk.bytes.borrow().len(), 500, "room for {room}");
    }
}

#[test]
fn everything_is_written_in_order() {
    let mut disk = Small { bytes: RefCell::new(Vec::new()), room: usize::MAX, syncs: RefCell::new(0) };
    let pieces: Vec<Bytes> = (0..40_u8).map(|n| Bytes::from(vec![n; usize::from(n) * 1500])).collect();
    let whole = append(&mut disk, 0, &pieces).unwrap();
    assert_eq!(*disk.bytes.borrow(), pieces.concat());
    assert_eq!(whole, u64::try_from(disk.bytes.borrow().len()).unwrap());
}

#[test]
fn a_name_is_a_jobs_only_as_it_was_made() {
    assert_eq!(file_number("a", "a-12.mp4"), Some(12));
    for other in ["a-012.mp4", "a-.mp4", "a-1.mp4.part", "b-1.mp4", "a-b-1.mp4", "a-+1.mp4"] {
        assert_eq!(file_number("a", other), None, "{other}");
    }
}
