// Compiles client.c with the headers of the libcurl that curl-sys has built.
use std::env;

fn main() {
    println!("cargo:rerun-if-changed=client.c");
    let include = env::var("DEP_CURL_INCLUDE").expect("curl-sys builds libcurl from its sources");
    cc::Build::new().include(include).define("CURL_STATICLIB", None).file("client.c").compile("client");
}
