/*
 * magic.c - what a file is, by its first bytes
 */
#include "filters/magic.h"

#include <string.h>

#define MARK(at, bytes)	at, sizeof(bytes) - 1, bytes

/* The first row that fits counts. */
static const struct {
	size_t		 at;
	size_t		 len;
	const char	*bytes;
	const char	*type;
} rows[] = {
	/* programs */
	{ MARK(0, "MZ"),			"application/x-dosexec" },
	{ MARK(0, "\177ELF"),			"application/x-executable" },
	{ MARK(0, "\376\355\372\316"),		"application/x-mach-binary" },
	{ MARK(0, "\376\355\372\317"),		"application/x-mach-binary" },
	{ MARK(0, "\316\372\355\376"),		"application/x-mach-binary" },
	{ MARK(0, "\317\372\355\376"),		"application/x-mach-binary" },
	{ MARK(0, "\312\376\272\276"),		"application/x-java-applet" },
	{ MARK(0, "#!"),			"text/x-shellscript" },
	{ MARK(0, "L\0\0\0\1\24\2\0"),		"application/x-ms-shortcut" },
	/* archives and images of disks */
	{ MARK(0, "PK\3\4"),			"application/zip" },
	{ MARK(0, "Rar!\32\7"),			"application/x-rar" },
	{ MARK(0, "7z\274\257\47\34"),		"application/x-7z-compressed" },
	{ MARK(0, "\37\213"),			"application/gzip" },
	{ MARK(0, "BZh"),			"application/x-bzip2" },
	{ MARK(0, "\3757zXZ\0"),		"application/x-xz" },
	{ MARK(0, "\50\265\57\375"),		"application/zstd" },
	{ MARK(0, "MSCF"),		"application/vnd.ms-cab-compressed" },
	{ MARK(257, "ustar"),			"application/x-tar" },
	{ MARK(32769, "CD001"),			"application/x-iso9660-image" },
	{ MARK(0, "\170\237\76\42"),		"application/vnd.ms-tnef" },
	/* documents */
	{ MARK(0, "\320\317\21\340\241\261\32\341"), "application/x-ole-storage" },
	{ MARK(0, "%PDF-"),			"application/pdf" },
	{ MARK(0, "{\\rtf"),			"text/rtf" },
	{ MARK(0, "ITSF"),			"application/x-chm" },
	{ MARK(0, "\344\122\134\173\214\330\247\115"), "application/onenote" },
	/* pictures */
	{ MARK(0, "\211PNG\r\n\32\n"),		"image/png" },
	{ MARK(0, "\377\330\377"),		"image/jpeg" },
	{ MARK(0, "GIF8"),			"image/gif" },
};

const char *
magic_type(struct slice begin)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (begin.len >= rows[i].at + rows[i].len &&
		    memcmp(begin.at + rows[i].at, rows[i].bytes,
		    rows[i].len) == 0)
			return rows[i].type;
	return NULL;
}
