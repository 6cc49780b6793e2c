"""Reads documents (Markdown, HTML, DOCX, PDF, a site in a folder) and cuts them into answers of a project."""
