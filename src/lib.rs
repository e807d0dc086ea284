//! A JSON gateway in front of Cisco Unity Connection's CUPI for End Users API.

pub mod simulator;
