//! The server as its users meet it, in one program: linking a dozen of them takes longer than running them.
//! `live_pictures` stays apart because it counts the children of its process, `live_many` because it wants the whole machine.

mod admin;
mod attacks;
mod bad_input;
mod cameras;
mod diagnostics;
mod discovery;
mod faults;
mod guard;
mod https;
mod incidents;
mod installation;
mod listener;
mod live_cameras;
mod live_hls;
mod live_mse;
mod live_players;
mod live_support;
mod openapi;
mod people;
mod pictures;
mod postgres;
mod program;
mod recordings;
mod recovery;
mod secrets;
mod sequences;
mod settings;
mod sound;
mod streams;
mod support;
mod surroundings;
mod system;
mod traces;
