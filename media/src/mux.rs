//! Mux once: access units and audio frames in, epochs and CMAF chunks out.
