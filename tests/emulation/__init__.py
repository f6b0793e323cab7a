"""AWS on this machine, as far as this project needs it: what no emulator does rightly, done here."""
