//! What the recovery ladder must know of each camera.

use super::Wall;
use crate::services::recovery::LadderSettings;
use media::id::{CameraId, Quality};
use media::ingest::{SourceSpec, TransportChoice};

/// One camera, as its ladder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderOf {
    pub camera: CameraId,
    pub name: String,
    pub settings: LadderSettings,
    /// Its own streams; true where the transport may be changed.
    pub streams: Vec<(Quality, bool)>,
}

impl Wall {
    /// Every camera with its ladder.
    pub fn ladders(&self) -> Vec<LadderOf> {
        let ladder = |record: &std::sync::Arc<super::Record>| LadderOf {
            camera: CameraId(record.camera.id),
            name: record.camera.name.clone(),
            settings: record.recovery,
            streams: record.sources.iter().map(|(quality, source)| (*quality, is_open(source))).collect(),
        };
        self.records.values().map(ladder).collect()
    }
}

fn is_open(source: &SourceSpec) -> bool {
    matches!(source, SourceSpec::Rtsp(spec) if spec.transport == TransportChoice::Auto)
}
