//! Letting a camera restart itself.

use async_trait::async_trait;
use media::id::CameraId;

/// Restarts cameras over their own management interface.
#[async_trait]
pub trait Reboot: Send + Sync {
    /// Whether this camera can be restarted; with None, whether any can.
    ///
    /// # Errors
    /// Why not, in a sentence for people.
    fn available(&self, camera: Option<CameraId>) -> Result<(), &'static str>;

    /// Asks the camera to restart.
    ///
    /// # Errors
    /// Why it did not, in a sentence for people.
    async fn reboot(&self, camera: CameraId) -> Result<(), String>;
}

/// For as long as cameras are stored without a management address.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAddress;

const NO_ADDRESS: &str = "No ONVIF address is known, so that the camera can\u{2019}t be asked to restart.";

#[async_trait]
impl Reboot for NoAddress {
    fn available(&self, _camera: Option<CameraId>) -> Result<(), &'static str> {
        Err(NO_ADDRESS)
    }

    async fn reboot(&self, _camera: CameraId) -> Result<(), String> {
        Err(NO_ADDRESS.to_owned())
    }
}
