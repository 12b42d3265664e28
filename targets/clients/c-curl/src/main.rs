// The client is client.c; cargo brings libcurl and links it.
extern crate curl_sys;

use std::env;
use std::ffi::CString;
use std::os::raw::{c_char, c_int};

extern "C" {
    fn send_back(url: *const c_char, subprotocol: *const c_char) -> c_int;
}

fn main() {
    let words: Vec<CString> = env::args().skip(1).map(|word| CString::new(word).unwrap()).collect();
    std::process::exit(unsafe { send_back(words[0].as_ptr(), words[1].as_ptr()) });
}
