"""Voice: any recording to samples, Whisper's encoder, prosody in words and numbers, the transcript."""
