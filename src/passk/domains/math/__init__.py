"""Mathematics: final answers, judged by equality."""
