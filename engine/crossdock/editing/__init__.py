"""What an editor asks about the files of a project, answered from memory while they are being written."""
