/*
 * structure_words.c - words that are frequent in a packed structure
 *
 * Their places are part of the format: one is added at the end, with a new
 * version.
 */
#include "lib/message/structure_inside.h"

static const struct slice types[] = {
	SLICE("\"text\" \"plain\""),
	SLICE("\"text\" \"html\""),
	SLICE("\"multipart\" \"alternative\""),
	SLICE("\"multipart\" \"mixed\""),
	SLICE("\"multipart\" \"related\""),
	SLICE("\"multipart\" \"signed\""),
	SLICE("\"multipart\" \"report\""),
	SLICE("\"message\" \"rfc822\""),
	SLICE("\"message\" \"delivery-status\""),
	SLICE("\"image\" \"png\""),
	SLICE("\"image\" \"jpeg\""),
	SLICE("\"image\" \"gif\""),
	SLICE("\"application\" \"octet-stream\""),
	SLICE("\"application\" \"pdf\""),
	SLICE("\"application\" \"pgp-signature\""),
	SLICE("\"text\" \"calendar\""),
};

static const struct slice params[] = {
	SLICE("(\"charset\" \"us-ascii\")"),
	SLICE("(\"charset\" \"utf-8\")"),
	SLICE("(\"charset\" \"UTF-8\")"),
	SLICE("(\"charset\" \"US-ASCII\")"),
	SLICE("(\"charset\" \"iso-8859-1\")"),
	SLICE("(\"charset\" \"windows-1252\")"),
	SLICE("(\"charset\" \"utf-8\" \"format\" \"flowed\")"),
	SLICE("(\"charset\" \"UTF-8\" \"format\" \"flowed\")"),
};

static const struct slice encodings[] = {
	SLICE("\"7bit\""),
	SLICE("\"8bit\""),
	SLICE("\"binary\""),
	SLICE("\"quoted-printable\""),
	SLICE("\"base64\""),
};

#define WORDS(of)	{ (of), sizeof(of) / sizeof((of)[0]) }

const struct structure_words structure_types = WORDS(types);
const struct structure_words structure_params = WORDS(params);
const struct structure_words structure_encodings = WORDS(encodings);
const struct structure_words structure_no_words = { NULL, 0 };
