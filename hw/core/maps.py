"""The register map of a core as JSON, CSV, SVD and C header, all from one table."""

import json
from xml.sax.saxutils import escape

from .register import MAGIC, SIZE, WORD


__all__ = ["c_header", "csv", "json_map", "markdown", "svd"]


def json_map(name, rows):
    """Return the map as JSON text."""
    return json.dumps({
        "format": "thresher-csr/1", "name": name, "size": SIZE, "word_bits": WORD,
        "registers": [{
            "name": row.name, "offset": row.offset, "count": row.count, "access": row.access,
            "text": row.text,
            "fields": [{"name": field.name, "bit": field.bit, "width": field.width,
                        "text": field.text} for field in row.fields],
        } for row in rows]}, indent=2) + "\n"


def csv(rows):
    """Return the map as CSV text: a line a register, and a line a field."""
    lines = ["register,field,offset,count,bit,width,access"]
    for row in rows:
        lines.append(f"{row.name},,{row.offset:#06x},{row.count},0,{WORD},{row.access}")
        lines += [f"{row.name},{field.name},{row.offset:#06x},{row.count},{field.bit},"
                  f"{field.width},{row.access}" for field in row.fields]
    return "\n".join(lines) + "\n"


def svd(name, rows):
    """Return the map as CMSIS-SVD text."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>',
             '<device schemaVersion="1.3" xmlns:xs="http://www.w3.org/2001/XMLSchema-instance" '
             'xs:noNamespaceSchemaLocation="CMSIS-SVD.xsd">',
             f"  <name>{name}</name>", "  <version>1.0</version>",
             "  <description>A network of Thresher on a bus</description>",
             "  <addressUnitBits>8</addressUnitBits>", f"  <width>{WORD}</width>",
             f"  <size>{WORD}</size>", "  <peripherals>", "    <peripheral>",
             f"      <name>{name.upper()}</name>", "      <baseAddress>0</baseAddress>",
             "      <addressBlock><offset>0</offset>"
             f"<size>{SIZE:#x}</size><usage>registers</usage></addressBlock>",
             "      <registers>"]
    for row in rows:
        lines.append("        <register>")
        if row.count > 1:
            lines += [f"          <dim>{row.count}</dim>",
                      "          <dimIncrement>4</dimIncrement>"]
        index = "[%s]" if row.count > 1 else ""
        lines += [f"          <name>{row.name.upper()}{index}</name>",
                  f"          <description>{escape(row.text)}</description>",
                  f"          <addressOffset>{row.offset:#x}</addressOffset>",
                  f"          <access>{row.access}</access>"]
        if row.fields:
            lines.append("          <fields>")
            for field in row.fields:
                lines.append(
                    f"            <field><name>{field.name.upper()}</name>"
                    f"<description>{escape(field.text)}</description>"
                    f"<bitOffset>{field.bit}</bitOffset><bitWidth>{field.width}</bitWidth></field>")
            lines.append("          </fields>")
        lines.append("        </register>")
    lines += ["      </registers>", "    </peripheral>", "  </peripherals>", "</device>"]
    return "\n".join(lines) + "\n"


def c_header(name, rows, driver):
    """Return the C header: offsets and bits, then the driver, a C text about ``PREFIX``."""
    prefix = name.upper()
    lines = [f"/* Registers and driver of the core {name}: made by python -m hw.core. */",
             f"#ifndef {prefix}_H", f"#define {prefix}_H", "", "#include <stddef.h>",
             "#include <stdint.h>", "",
             f"#define {prefix}_SIZE {SIZE:#x}u  /* bytes of address space */",
             f"#define {prefix}_MAGIC_VALUE {MAGIC:#x}u"]
    for row in rows:
        lines += ["", f"/* {row.text}. */",
                  f"#define {prefix}_{row.name.upper()} {row.offset:#x}u"]
        lines += [f"#define {prefix}_{row.name.upper()}_{field.name.upper()} "
                  f"{(1 << field.width) - 1 << field.bit:#x}u  /* {field.text} */"
                  for field in row.fields]
    return "\n".join([*lines, "", driver.rstrip("\n"), "", "#endif", ""])


def markdown(rows):
    """Return the map as a table in Markdown, for the documentation."""
    lines = ["| offset | register | access | meaning |", "|---|---|---|---|"]
    for row in rows:
        last = row.offset + 4 * (row.count - 1)
        offset = f"`{row.offset:#05x}`" + (f" to `{last:#05x}`" if row.count > 1 else "")
        text = row.text + "".join(
            f"; bit{'s' * (field.width > 1)} {_bits(field)} *{field.name}*: {field.text}"
            for field in row.fields)
        lines.append(f"| {offset} | {row.name.upper()} | {row.access} | {text} |")
    return "\n".join(lines)


def _bits(field):
    return f"{field.bit}" if field.width == 1 else f"{field.bit}–{field.bit + field.width - 1}"
