//! What a file is by its bytes, in which order files are read, and that units lose nothing wherever they are cut.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{BadPiece, Compression, Encoding, Framing, Incomplete, Inputs, Reader, discover};
use crate::error::Error;

const LINE: &[u8] = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1}]}]}]}"#;

/// A request in protobuf: a resource with one attribute, whose value fills it up to `length` bytes behind the length.
fn proto(length: usize) -> Vec<u8> {
    let field = |tag: u8, content: &[u8]| {
        let mut out = vec![tag];
        let mut rest = content.len();
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
        [out.as_slice(), content].concat()
    };
    let mut text = length;
    loop {
        let value = field(0x12, &field(0x0a, &vec![b'v'; text]));
        let group = field(0x0a, &field(0x0a, &[field(0x0a, b"key"), value].concat()));
        if group.len() <= length || text == 0 {
            return field(0x0a, &group);
        }
        text -= 1;
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes()[..], body].concat()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).expect("memory does not fail")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

/// A folder of files, made as they are named.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(TempDir::new().expect("a temporary folder"));
        for (name, content) in files {
            let path = folder.path(name);
            fs::create_dir_all(path.parent().expect("inside the folder")).expect("a new folder");
            fs::write(path, content).expect("a new file");
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn found(&self) -> Inputs {
        discover(&[self.0.path().to_path_buf()], None).expect("readable")
    }

    fn name<'n>(&self, path: &'n Path) -> &'n str {
        path.strip_prefix(self.0.path()).expect("inside the folder").to_str().expect("UTF-8")
    }
}

/// What reading gives: requests (number, offset, bytes, whether terminated), bad pieces, tails.
#[derive(Debug, Default, PartialEq)]
struct Read {
    requests: Vec<(u64, u64, Vec<u8>, bool)>,
    bad: Vec<BadPiece>,
    tails: Vec<Incomplete>,
    units: usize,
}

fn read_all(inputs: &Inputs, unit_bytes: usize) -> Read {
    let mut reader = Reader::new(inputs, unit_bytes);
    let mut scratch = Vec::new();
    let mut read = Read::default();
    while let Some(unit) = reader.next_unit().expect("readable") {
        assert!(!unit.pieces.is_empty() || !unit.bad.is_empty());
        read.units += 1;
        for piece in &unit.pieces {
            let mut requests = piece.requests();
            while let Some(request) = requests.next(&mut scratch) {
                match request {
                    Ok(raw) => read.requests.push((raw.number, raw.offset, raw.bytes.to_vec(), raw.terminated)),
                    Err(bad) => read.bad.push(bad),
                }
            }
        }
        read.bad.extend(unit.bad.into_iter().map(|(_, bad)| bad));
    }
    read.tails = reader.incomplete().to_vec();
    read
}

fn read(content: &[u8]) -> Read {
    let folder = Folder::new(&[("file", content)]);
    read_all(&folder.found(), 16 << 20)
}

fn bodies(read: &Read) -> Vec<&[u8]> {
    read.requests.iter().map(|(_, _, bytes, _)| bytes.as_slice()).collect()
}

fn format(content: &[u8]) -> (Compression, Framing) {
    let folder = Folder::new(&[("file", content)]);
    let format = folder.found().files[0].format;
    (format.compression, format.framing)
}

/// Why a file is passed over.
fn reason(content: &[u8]) -> String {
    let folder = Folder::new(&[("file", content)]);
    match discover(&[folder.path("file")], None) {
        Err(Error::Input(message)) => message.rsplit(": ").next().unwrap_or_default().to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_format_is_told_by_its_bytes_alone() {
    let line = [LINE, &b"\n"[..]].concat();
    let lines = line.repeat(3);
    let request = proto(60);
    let pretty = b"{\n  \"resourceLogs\": [\n  ]\n}\n";
    let json_frames = [frame(&zstd(LINE)), frame(&zstd(LINE))].concat();
    let proto_frames = [frame(&request), frame(&request)].concat();
    let none = |framing| (Compression::None, framing);
    for (what, content, wanted) in [
        ("lines", lines.clone(), none(Framing::Lines)),
        ("one line without its end", LINE.to_vec(), none(Framing::Lines)),
        ("byte order mark", [&b"\xef\xbb\xbf"[..], &lines].concat(), none(Framing::Lines)),
        ("CRLF", [LINE, b"\r\n", LINE, b"\r\n"].concat(), none(Framing::Lines)),
        ("blank lines first", [&b"\n\r\n \n"[..], &lines].concat(), none(Framing::Lines)),
        ("a damaged first line", [&b"logs\":[]}\n"[..], &lines].concat(), none(Framing::Lines)),
        ("a first line being written", b"{\"resou".to_vec(), none(Framing::Lines)),
        ("a first line of which a brace is written", b"{".to_vec(), none(Framing::Lines)),
        ("snake case", b"{\"resource_spans\":[]}\n".to_vec(), none(Framing::Lines)),
        ("pretty JSON", pretty.to_vec(), none(Framing::Whole(Encoding::Json))),
        ("pretty JSON behind a mark", [&b"\xef\xbb\xbf"[..], pretty].concat(), none(Framing::Whole(Encoding::Json))),
        ("bare protobuf", request.clone(), none(Framing::Whole(Encoding::Proto))),
        ("protobuf frames", proto_frames.clone(), none(Framing::Frames { zstd: false })),
        ("an empty frame first", [&[0; 4][..], &proto_frames].concat(), none(Framing::Frames { zstd: false })),
        ("JSON in zstd frames", json_frames.clone(), none(Framing::Frames { zstd: true })),
        ("protobuf in zstd frames", frame(&zstd(&request)), none(Framing::Frames { zstd: true })),
        ("gzip", gzip(&lines), (Compression::Gzip, Framing::Lines)),
        ("gzip of many members", [gzip(&lines[..9]), gzip(&lines[9..])].concat(), (Compression::Gzip, Framing::Lines)),
        ("gzip of frames", gzip(&json_frames), (Compression::Gzip, Framing::Frames { zstd: true })),
        ("gzip of bare protobuf", gzip(&request), (Compression::Gzip, Framing::Whole(Encoding::Proto))),
        ("a zstd stream", zstd(&lines), (Compression::Zstd, Framing::Lines)),
        ("a zstd stream of frames", [zstd(&line), zstd(&line)].concat(), (Compression::Zstd, Framing::Lines)),
        ("nothing", vec![], none(Framing::Empty)),
        ("white space", b" \n\r\n".to_vec(), none(Framing::Empty)),
        ("gzip of nothing", gzip(b""), (Compression::Gzip, Framing::Empty)),
    ] {
        assert_eq!(format(&content), wanted, "{what}");
    }
}

#[test]
fn a_protobuf_request_of_any_length_is_not_taken_for_json() {
    // 123 is a brace, and the tag before it a line feed.
    for length in 100..140 {
        let request = proto(length);
        assert_eq!(format(&request).1, Framing::Whole(Encoding::Proto), "{length}");
        for content in [frame(&request), frame(&zstd(&request)), gzip(&request)] {
            let folder = Folder::new(&[("file", &content)]);
            let inputs = folder.found();
            let unit = Reader::new(&inputs, 1).next_unit().expect("readable").expect("a unit");
            let mut scratch = Vec::new();
            let mut requests = unit.pieces[0].requests();
            let raw = requests.next(&mut scratch).expect("a request").expect("sound");
            assert_eq!((raw.encoding, raw.bytes), (Encoding::Proto, request.as_slice()), "{length}");
        }
    }
}

#[test]
fn what_is_not_telemetry_is_called_by_its_name() {
    for (content, wanted) in [
        (&b"hello\nworld\n"[..], "text that is not OTLP/JSON"),
        (b"a,b\n1,2\n", "text that is not OTLP/JSON"),
        (b"\n\n\n\nnotes that begin with blank lines\n", "text that is not OTLP/JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "a picture"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (b"SQLite format 3\0", "a SQLite database"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"[{\"resourceLogs\":[]}]\n", "a JSON list, not one request a line"),
        (b"{\"hello\":1}\n", "JSON without resourceLogs, resourceSpans or resourceMetrics"),
        (b"\xff\xfe\x00\x01\x02", "neither OTLP/JSON nor OTLP/protobuf"),
    ] {
        assert_eq!(reason(content), wanted);
        assert_eq!(reason(&gzip(content)), wanted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_detection_or_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), start in 0usize..6) {
        let starts: [&[u8]; 6] = [b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\0\0\0\x40\x0a", b"\0\0\0\x40\x28\xb5\x2f\xfd", LINE];
        let folder = Folder::new(&[("file", &[starts[start], &bytes[..]].concat())]);
        if let Ok(inputs) = discover(&[folder.path("file")], None) {
            read_all(&inputs, 16 << 20);
        }
    }
}

#[test]
fn rotated_files_come_before_their_live_file_whatever_compresses_them() {
    let line = [LINE, &b"\n"[..]].concat();
    let packed = gzip(&line);
    let folder = Folder::new(&[
        ("b/logs.jsonl", &line),
        ("b/logs-2026-11-24T13-43-07.240.jsonl", &line),
        ("b/logs-2026-11-24T03-42-57.223.jsonl.gz", &packed),
        ("a/traces.jsonl", &line),
        ("c.jsonl", &line),
        ("b/.hidden", &line),
        ("b/half.tmp", &line),
        (".git/logs", &line),
        ("b/notes.txt", b"hello"),
    ]);
    let found = folder.found();
    let names: Vec<&str> = found.files.iter().map(|file| folder.name(&file.path)).collect();
    assert_eq!(
        names,
        [
            "a/traces.jsonl",
            "b/logs-2026-11-24T03-42-57.223.jsonl.gz",
            "b/logs-2026-11-24T13-43-07.240.jsonl",
            "b/logs.jsonl",
            "c.jsonl",
        ]
    );
    assert_eq!(found.skipped.len(), 1);
    assert!(found.skipped[0].name.ends_with("notes.txt"));
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_not_followed_and_no_file_is_read_twice() {
    let folder = Folder::new(&[("in/a.jsonl", LINE), ("other/b.jsonl", LINE)]);
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(folder.path(target), folder.path(name)).expect("a link");
    };
    link("in", "in/itself");
    link("other", "in/elsewhere");
    link("in/a.jsonl", "in/z.jsonl");
    link("other/b.jsonl", "in/b.jsonl");
    link("nowhere", "in/dangling");
    let found = discover(&[folder.path("in"), folder.path("in/a.jsonl")], None).expect("readable");
    let names: Vec<&str> = found.files.iter().map(|file| folder.name(&file.path)).collect();
    assert_eq!(names, ["in/a.jsonl", "in/b.jsonl"]);
}

#[test]
fn the_folder_of_the_output_is_not_input_unless_it_is_named() {
    let folder = Folder::new(&[("logs.jsonl", LINE), ("data/rejects.jsonl", LINE)]);
    let root = folder.0.path().to_path_buf();
    let data = folder.path("data");
    assert_eq!(discover(&[root], Some(&data)).expect("readable").files.len(), 1);
    assert_eq!(discover(std::slice::from_ref(&data), Some(&data)).expect("readable").files.len(), 1);
}

#[test]
fn a_folder_without_telemetry_says_what_was_found() {
    let folder = Folder::new(&[("a.txt", b"hello"), ("b.txt", b"hello")]);
    let error = discover(&[folder.0.path().to_path_buf()], None).map(|_| ()).expect_err("nothing to read").to_string();
    assert!(error.contains("a.txt (text that is not OTLP/JSON) and 1 more"), "{error}");
    let empty = Folder::new(&[]);
    assert!(discover(&[empty.0.path().to_path_buf()], None).is_err_and(|error| error.to_string().contains("no file")));
}

#[test]
fn lines_keep_their_numbers_and_offsets_between_blank_ones() {
    let content = [&b"\xef\xbb\xbf"[..], LINE, b"\r\n\n \t\r\n", LINE, b"\n\n", LINE].concat();
    let read = read(&content);
    let line = LINE.len() as u64;
    let places: Vec<(u64, u64, bool)> = read.requests.iter().map(|(number, at, _, end)| (*number, *at, *end)).collect();
    assert_eq!(places, [(1, 0, true), (4, line + 10, true), (6, 2 * line + 12, false)]);
    assert!(bodies(&read).iter().all(|body| *body == LINE));
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_request() {
    let whole = b"\xef\xbb\xbf{\n \"resourceLogs\":[]}";
    assert_eq!(bodies(&read(whole)), [&whole[3..]]);
    let framed = frame(&zstd(&[&b"\xef\xbb\xbf"[..], LINE].concat()));
    assert_eq!(bodies(&read(&framed)), [LINE]);
}

#[test]
fn a_file_that_grows_is_read_up_to_the_size_it_was_opened_with() {
    let folder = Folder::new(&[("file", &[LINE, b"\n", &LINE[..20]].concat())]);
    let inputs = folder.found();
    let mut file = fs::OpenOptions::new().append(true).open(folder.path("file")).expect("writable");
    let first = read_all(&inputs, 16 << 20);
    assert_eq!(first.requests[1], (2, LINE.len() as u64 + 1, LINE[..20].to_vec(), false));
    file.write_all(&[&LINE[20..], b"\n"].concat()).expect("writable");
    assert_eq!(bodies(&read_all(&inputs, 16 << 20)), [LINE, LINE]);
}

#[test]
fn a_file_that_shrinks_while_it_is_read_ends_where_it_now_ends() {
    let line = [LINE, b"\n"].concat();
    let folder = Folder::new(&[("file", &line.repeat(40_000))]);
    let inputs = folder.found();
    let mut reader = Reader::new(&inputs, 1 << 20);
    reader.next_unit().expect("readable").expect("a unit");
    let kept = 2_000_000;
    fs::OpenOptions::new().write(true).open(folder.path("file")).and_then(|file| file.set_len(kept)).expect("writable");
    let mut end = 0;
    while let Some(unit) = reader.next_unit().expect("readable") {
        end = unit.pieces.iter().map(|piece| piece.offset + piece.data.len() as u64).max().unwrap_or(end);
    }
    assert!(end >= 1 << 20 && end <= kept);
}

#[test]
fn a_unit_has_no_more_requests_than_its_worker_has_memory_for() {
    let tiny = frame(&proto(20));
    for (content, count) in [(b"x\n".repeat(200_000), 200_000), (tiny.repeat(100_000), 100_000)] {
        let content = if content.starts_with(b"x") { [LINE, b"\n", &content[2..]].concat() } else { content };
        let folder = Folder::new(&[("file", &content)]);
        let inputs = folder.found();
        let mut reader = Reader::new(&inputs, 1 << 30);
        let (mut numbers, mut scratch) = (Vec::new(), Vec::new());
        while let Some(unit) = reader.next_unit().expect("readable") {
            let before = numbers.len();
            for piece in &unit.pieces {
                let mut requests = piece.requests();
                while let Some(request) = requests.next(&mut scratch) {
                    numbers.push(request.expect("sound").number);
                }
            }
            assert!(numbers.len() - before <= 1 << 16);
        }
        assert!(numbers.iter().copied().eq(1..=count));
    }
}

#[test]
fn a_frame_still_being_written_is_a_tail_whatever_is_missing() {
    let frames: [Vec<u8>; 2] = [frame(&zstd(LINE)), frame(&proto(90))];
    for one in frames {
        let body = &read(&one).requests[0].2.clone();
        for kept in 1..one.len() {
            let read = read(&[one.as_slice(), &one[..kept]].concat());
            assert_eq!((bodies(&read), read.bad.len()), (vec![body.as_slice()], 0), "{kept}");
            let tail = Incomplete { file: 0, number: 2, offset: one.len() as u64, bytes: kept as u64 };
            assert_eq!(read.tails, [tail], "{kept}");
        }
    }
}

#[test]
fn a_frame_that_lost_its_end_costs_only_itself() {
    for one in [frame(&zstd(&[LINE, &b"\n"[..]].concat().repeat(9))), frame(&proto(200))] {
        let body = read(&one).requests[0].2.clone();
        for lost in [1, 2, 5, one.len() / 2, one.len() - 12] {
            let cut = &one[..one.len() - lost];
            let read = read(&[&one[..], cut, &one, &one].concat());
            assert_eq!(bodies(&read), vec![body.as_slice(); 3], "{lost}");
            assert_eq!(read.bad.len(), 1, "{lost}");
            assert_eq!((read.bad[0].number, read.bad[0].offset), (2, one.len() as u64));
            assert_eq!(read.bad[0].bytes, cut, "{lost}");
        }
    }
}

#[test]
fn a_prefix_that_lies_costs_only_its_frame() {
    for one in [frame(&zstd(LINE)), frame(&proto(200))] {
        let body = read(&one).requests[0].2.clone();
        for lie in [0xffff_ffffu32, 0x1fff_ffff, 0x0001_0000, one.len() as u32, 3] {
            let lying = [&lie.to_be_bytes()[..], &one[4..]].concat();
            let read = read(&[&one[..], &lying, &one, &one].concat());
            assert_eq!(bodies(&read), vec![body.as_slice(); 3], "{lie:x}");
            assert_eq!(read.bad.len(), 1, "{lie:x}: {:?}", read.bad);
            assert_eq!(read.bad[0].bytes, lying, "{lie:x}");
        }
    }
}

#[test]
fn garbage_behind_a_damaged_frame_is_passed_over_in_linear_time() {
    let good = frame(&proto(200));
    let garbage: Vec<u8> = (0..8_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let started = std::time::Instant::now();
    let read = read(&[&good[..], &[0xff; 4], &garbage, &good].concat());
    assert_eq!((read.requests.len(), read.bad.len()), (2, 1));
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn a_cut_or_damaged_gzip_gives_what_stands_before_the_damage() {
    let lines = [LINE, &b"\n"[..]].concat().repeat(5000);
    let packed = gzip(&lines);
    let cut = read(&packed[..packed.len() - 12]);
    assert!(cut.bad.is_empty() && cut.tails.len() == 1);
    let mut broken = packed.clone();
    let end = broken.len() - 6;
    broken[end] ^= 0xff;
    let broken = read(&broken);
    assert_eq!(broken.requests.len(), 5000);
    assert!(broken.bad.len() == 1 && broken.bad[0].reason.contains("damaged"));
}

#[test]
fn a_file_of_tails_does_not_end_the_run() {
    let tail = &frame(&zstd(LINE))[..12];
    let line = [LINE, &b"\n"[..]].concat();
    let folder = Folder::new(&[("a", tail), ("b", b""), ("c", tail), ("d.jsonl", &line)]);
    for unit_bytes in [1, 2, 1000] {
        assert_eq!(bodies(&read_all(&folder.found(), unit_bytes)), [LINE], "{unit_bytes}");
    }
}

/// Lines of the given lengths, most of them short, the whole more than a few blocks.
fn lines(lengths: &[usize], end: &str, last: bool) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut content = Vec::new();
    let mut wanted = Vec::new();
    for (index, length) in lengths.iter().enumerate() {
        let line = format!("{{\"resourceLogs\":[],\"n\":\"{index}{}\"}}", "0".repeat(*length)).into_bytes();
        content.extend_from_slice(&line);
        if last || index + 1 < lengths.len() {
            content.extend_from_slice(end.as_bytes());
        }
        wanted.push(line);
    }
    (content, wanted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn units_of_any_size_hold_every_line_once_and_in_order(
        lengths in proptest::collection::vec(prop_oneof![4 => 0usize..300, 1 => 0usize..400_000], 1..40),
        unit_bytes in prop_oneof![1usize..100, 1usize..2_000_000],
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")],
        last in any::<bool>(),
        packed in any::<bool>(),
    ) {
        let (content, wanted) = lines(&lengths, end, last);
        let folder = Folder::new(&[("file", &if packed { zstd(&content) } else { content.clone() })]);
        let read = read_all(&folder.found(), unit_bytes);
        prop_assert_eq!(read.requests.len(), wanted.len());
        for (index, ((number, offset, bytes, terminated), line)) in read.requests.iter().zip(&wanted).enumerate() {
            prop_assert!(bytes == line, "line {}", index);
            prop_assert_eq!(*terminated, last || index + 1 < wanted.len());
            let before = &content[..*offset as usize];
            prop_assert!(content[*offset as usize..].starts_with(line));
            prop_assert_eq!(*number as usize, 1 + before.iter().filter(|byte| **byte == b'\n').count());
        }
        prop_assert!(read.bad.is_empty() && read.tails.is_empty());
    }

    #[test]
    fn units_of_any_size_hold_every_frame_once_and_in_order(
        lengths in proptest::collection::vec(prop_oneof![4 => 0usize..300, 1 => 0usize..400_000], 1..40),
        unit_bytes in prop_oneof![1usize..100, 1usize..2_000_000],
        packed in any::<bool>(),
    ) {
        let (_, wanted) = lines(&lengths, "", false);
        let wanted: Vec<Vec<u8>> = if packed { wanted } else { lengths.iter().map(|length| proto(*length)).collect() };
        let framed: Vec<Vec<u8>> = wanted.iter().map(|body| frame(&if packed { zstd(body) } else { body.clone() })).collect();
        let folder = Folder::new(&[("file", &framed.concat())]);
        let read = read_all(&folder.found(), unit_bytes);
        prop_assert_eq!(bodies(&read), wanted);
        let mut offset = 0;
        for (index, (request, frame)) in read.requests.iter().zip(&framed).enumerate() {
            prop_assert_eq!((request.0, request.1), (index as u64 + 1, offset));
            offset += frame.len() as u64;
        }
        prop_assert!(read.bad.is_empty() && read.tails.is_empty());
    }
}
