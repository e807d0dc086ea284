//! The CUPI simulator: a stand-in for Unity Connection.
