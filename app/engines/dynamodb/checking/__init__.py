"""What AWS refuses and the emulator lets pass, in AWS's words."""
