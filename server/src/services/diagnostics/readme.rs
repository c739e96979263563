//! The text that explains the rest.

/// `README.txt`.
pub const README: &str = "\
Nightjar diagnostics
====================

What is inside:

  status.json     what every stream is doing now: state, rates, sizes, errors
  cameras.json    the cameras and their settings
  incidents.json  the incident log of the last seven days
  history.json    the last hour of every stream, a point every 10 s
  system.json     processor, memory, disk, database, open files, tasks, child processes, counters
  versions.json   versions of Nightjar, ffmpeg, the database, the kernel and the operating system
  settings.json   the settings of this installation
  log.txt         the newest lines of the log, as long as the server has been running

What is not inside: passwords, keys and tokens. Wherever one stood, there is \"***\". User names are shortened to their first letter.
Long random words in addresses, which some cameras use in place of a password, are left out too.

What is inside all the same: names of cameras and groups, host names and addresses in your network, paths of folders. Look through the
files before you give them to somebody who should not know these.
";
