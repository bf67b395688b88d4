//! A handler that does nothing but answer: what HTTP alone costs here, the yardstick that `bench` holds the service
//! against. It has no store, no credentials and no secrets, and listens on loopback only.

use std::net::{Ipv4Addr, SocketAddr};

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

/// The longest answer, bytes.
pub const MOST: usize = 64 << 20;

/// Answers `GET /N` with a constant of N bytes, at most [`MOST`], on a free port of 127.0.0.1 until the process
/// ends; `ready` learns the address. Errors are the listener's.
pub async fn run(ready: impl FnOnce(SocketAddr)) -> std::io::Result<()> {
    let constant = web::Data::new(Bytes::from(vec![b'x'; MOST]));
    let factory = move || App::new().app_data(constant.clone()).default_service(web::to(answer));
    let server = HttpServer::new(factory)
        .workers(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))
        .tcp_nodelay(true)
        .bind((Ipv4Addr::LOCALHOST, 0))?;
    if let Some(address) = server.addrs().first() {
        ready(*address);
    }
    server.run().await
}

async fn answer(request: HttpRequest, constant: web::Data<Bytes>) -> HttpResponse {
    let length = request.path().trim_start_matches('/').parse().unwrap_or(0);
    let body = constant.slice(..constant.len().min(length));
    HttpResponse::Ok().content_type("application/xml;charset=UTF-8").body(body)
}
