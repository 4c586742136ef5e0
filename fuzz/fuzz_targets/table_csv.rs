#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    relabel_fuzz::read_as_every_table(relabel_fuzz::file("table.csv", bytes));
});
