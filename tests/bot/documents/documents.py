"""Documents as tests need them, made on the spot: PDF by hand, DOCX by python-docx."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import docx
from pypdf import PdfReader, PdfWriter

from bot.documents.passages import LeftOut, Passage, passages
from bot.documents.readers import read_document

Words = tuple[str, int, int, str]
"""A line of a PDF: its words, size, height above the foot and font (F1, or F2 in bold)."""


def pdf(*pages: Sequence[Words]) -> bytes:
    """A PDF of these pages; a page without lines is like a scan, without text."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        stream = "".join(
            f"BT /{font} {size} Tf 72 {height} Td ({_escaped(words)}) Tj ET\n"
            for words, size, height, font in lines
        )
        fonts = "/Font << /F1 3 0 R /F2 4 0 R >>"
        box = "/MediaBox [0 0 595 842]"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R {box} /Resources << {fonts} >> /Contents {6 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}endstream")
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def locked(data: bytes, password: str, *, reading: str = "") -> bytes:
    """The PDF with a password for its owner, and perhaps one for whoever reads it."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(reading, owner_password=password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def save(document: docx.document.Document) -> bytes:
    """The bytes of a DOCX."""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def write(folder: Path, name: str, data: str | bytes) -> Path:
    """A file of the folder, and the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def cut(folder: Path, name: str, data: str | bytes) -> list[Passage]:
    """The passages of a document."""
    read = read_document(write(folder, name, data), name)
    return [found for found in passages(read) if isinstance(found, Passage)]


def left_out(folder: Path, name: str, data: str | bytes) -> list[LeftOut]:
    """What of a document is no passage."""
    read = read_document(write(folder, name, data), name)
    return [found for found in passages(read) if isinstance(found, LeftOut)]
