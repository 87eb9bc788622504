/*
 * clam_look.c - the looks of libclamav at one message
 */
#include "filters/clam_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/ambiguous.h"
#include "filters/broken.h"
#include "filters/clamd.h"
#include "filters/leaves.h"
#include "filters/zip.h"
#include "lib/base/loop.h"
#include "lib/message/header.h"

/* The library knows this field at the start of mail; it says nothing. */
#define MAIL_LINE	"Received: by scan\r\n"

#define MAIL_IN_MAIL	4	/* encoded ones; plain ones go by mime_limits */

/* One message on its way through all looks. */
struct look {
	struct clam		*clam;
	struct scan_answer	 worst;
	uint64_t		 until_ms;
	uint64_t		 bytes_left;	/* of all_bytes */
	unsigned		 depth;		/* layers open; 0: none yet */
	unsigned		 inside;	/* encoded messages we are in */
	bool			 is_mail;	/* it was taken for mail */
	bool			 is_rar;	/* an archive of RAR was seen */
	bool			 in_words;	/* of a text: is_plain_words() */
	bool			 has_document;	/* that may have macros */
	bool			 names_hidden;	/* no name in it was told so far */
	struct packed		 packed;
	struct layers		 layers;	/* of the look at all of it */
	bool			 notes_layers;
};

/*
 * Where the library cuts names: in the header of a tar, which may go on in
 * another that it passes over, and in any other archive.
 */
#define TAR_NAME_CUT	100
#define NAME_CUT	255

/* The library tells each layer's type; the first is the message itself. */
static cl_error_t
on_layer(int fd, const char *type, void *context)
{
	struct look *look = context;

	(void)fd;
	if (look == NULL || type == NULL)
		return CL_CLEAN;
	if (look->depth++ == 0)
		look->is_mail = strcmp(type, "CL_TYPE_MAIL") == 0;
	if (slice_has_prefix(slice_str(type), "CL_TYPE_RAR"))
		look->is_rar = true;
	if (strcmp(type, "CL_TYPE_MSOLE2") == 0 ||
	    slice_has_prefix(slice_str(type), "CL_TYPE_OOXML"))
		look->has_document = true;
	return CL_CLEAN;
}

/*
 * The library tells the name of each file in an archive, of encrypted ones as
 * well.  Attachments of the message itself are no archive's.
 */
static cl_error_t
on_name(const char *container, unsigned long packed_bytes, const char *name,
    unsigned long bytes, int is_encrypted, unsigned place, void *context)
{
	struct look *look = context;
	size_t most = NAME_CUT;

	(void)packed_bytes;
	(void)bytes;
	(void)is_encrypted;
	(void)place;
	if (look == NULL || container == NULL || name == NULL ||
	    (look->is_mail && strcmp(container, "CL_TYPE_MAIL") == 0))
		return CL_CLEAN;
	if (strcmp(container, "CL_TYPE_POSIX_TAR") == 0 ||
	    strcmp(container, "CL_TYPE_OLD_TAR") == 0)
		most = TAR_NAME_CUT;
	look->names_hidden = false;
	if (look->notes_layers)
		layers_forget_last(&look->layers);
	look->packed.more = look->packed.more || strlen(name) >= most;
	packed_add(&look->packed, slice_str(name));
	return CL_CLEAN;
}

/*
 * What the library takes out of the mail, before it looks at it.  What it finds
 * by its beginning alone, in the middle of something, it may read as that and
 * as nothing else; what has files in it is looked at by itself, too, as their
 * names and limits are counted from the outermost.
 */
static cl_error_t
on_file(int fd, const char *type, const char **ancestors,
    size_t container_bytes, const char *name, size_t bytes,
    const char *buffer, uint32_t level, uint32_t attributes, void *context)
{
	struct look *look = context;

	(void)fd;
	(void)ancestors;
	(void)container_bytes;
	(void)name;
	if (look == NULL || type == NULL || !look->notes_layers ||
	    !look->is_mail || (attributes & LAYER_ATTRIBUTES_NORMALIZED) != 0)
		return CL_CLEAN;
	if (level == 1 && strstr(type, "SFX") == NULL)
		layers_add(&look->layers, look->clam->tools,
		    slice_of(buffer, bytes));
	else if (level > 1)
		layers_forget_last(&look->layers);
	return CL_CLEAN;
}

void
clam_tell_looks(struct cl_engine *engine)
{
	cl_engine_set_clcb_pre_cache(engine, on_layer);
	cl_engine_set_clcb_meta(engine, on_name);
	cl_engine_set_clcb_file_inspection(engine, on_file);
}

/* The library's heuristics are finds that have such names. */
struct scan_answer
clam_answer_for(const char *name)
{
	static const struct {
		const char		*prefix;
		enum scan_result	 result;
		const char		*words;
	} rows[] = {
		{ "Heuristics.Limits.Exceeded.MaxScanTime", SCAN_TOO_LONG,
		    "scanning took longer than it may" },
		{ "Heuristics.Limits.Exceeded", SCAN_TOO_MUCH,
		    "a limit of the scanner was reached" },
		{ "Heuristics.XZ.DicSizeLimit", SCAN_TOO_MUCH,
		    "it needs more memory to unpack than it may have" },
		{ "Heuristics.Encrypted.", SCAN_ENCRYPTED,
		    "it is protected by a password" },
		{ "Heuristics.Broken.", SCAN_BROKEN,
		    "a file is not what it says it is" },
		/* from a clamd with AlertOLE2Macros; the library is not asked */
		{ "Heuristics.OLE2.ContainsMacros", SCAN_UNSCANNABLE,
		    "clamd tells of macros, and then of nothing else" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (slice_has_prefix(slice_str(name), rows[i].prefix))
			return scan_answer_of(rows[i].result, name, "%s",
			    rows[i].words);
	return scan_answer_of(SCAN_VIRUS, name, "a virus was found");
}

struct scan_answer
clam_answer(int error, const char *name)
{
	switch ((cl_error_t)error) {
	case CL_CLEAN:
		/* a find that the library then forgot is no clean message */
		if (name != NULL)
			return clam_answer_for(name);
		return (struct scan_answer){ .result = SCAN_CLEAN };
	case CL_VIRUS:
		if (name == NULL || name[0] == '\0')
			return scan_answer_of(SCAN_UNSCANNABLE, "",
			    "the scanner found something without a name");
		return clam_answer_for(name);
	case CL_ETIMEOUT:
		return scan_answer_of(SCAN_TOO_LONG, "",
		    "scanning took longer than it may");
	case CL_EMAXREC:
	case CL_EMAXSIZE:
	case CL_EMAXFILES:
		return scan_answer_of(SCAN_TOO_MUCH, "", "%s",
		    cl_strerror((cl_error_t)error));
	default:
		return scan_answer_of(SCAN_UNSCANNABLE, "",
		    "the scanner failed: %s", cl_strerror((cl_error_t)error));
	}
}

static void
note(struct look *look, struct scan_answer answer)
{
	scan_answer_add(&look->worst, &answer);
}

/* What of its time this message has left; 0: none. */
static uint64_t
time_left(const struct look *look)
{
	uint64_t now = clock_ms();

	return now < look->until_ms ? look->until_ms - now : 0;
}

static void
spend(struct look *look, uint64_t bytes)
{
	look->bytes_left -= bytes < look->bytes_left ? bytes :
	    look->bytes_left;
}

/* clamd has limits of its own. */
static bool
set_num(struct cl_engine *engine, enum cl_engine_field field, uint64_t value)
{
	return engine == NULL || cl_engine_set_num(engine, field,
	    (long long)value) == CL_SUCCESS;
}

/* Give the engine what is left of this message's limits; false: nothing. */
static bool
set_left(struct look *look)
{
	struct cl_engine *engine = look->clam->engine;
	uint64_t left_ms = time_left(look), bytes = look->bytes_left;

	if (left_ms == 0 || !set_num(engine, CL_ENGINE_MAX_SCANTIME,
	    left_ms)) {
		note(look, scan_answer_of(SCAN_TOO_LONG, "",
		    "scanning took longer than it may"));
		return false;
	}
	if (bytes > look->clam->limits.scan_bytes)
		bytes = look->clam->limits.scan_bytes;
	/* the library takes 0 for "no limit" */
	if (bytes == 0 || !set_num(engine, CL_ENGINE_MAX_SCANSIZE, bytes)) {
		note(look, scan_answer_of(SCAN_TOO_MUCH, "",
		    "there is more in it than may be scanned"));
		return false;
	}
	return true;
}

/* What the library takes apart. */
#define ALL_KINDS	UINT32_MAX
#define NO_KIND		0u	/* only the bytes as they stand */

/* Have the library look with those heuristics, and say what it says. */
static cl_error_t
ask_library(struct look *look, cl_fmap_t *map, uint32_t kinds,
    uint32_t heuristic, const char **name_out, uint64_t *scanned_out)
{
	struct cl_scan_options options = {
		/* a real find comes before a heuristic one: no PRECEDENCE */
		.general = CL_SCAN_GENERAL_HEURISTICS,
		.parse = kinds,
		.heuristic = heuristic,
	};
	unsigned long scanned = 0;
	cl_error_t error;

	*name_out = NULL;
	look->depth = 0;
	look->is_mail = false;
	error = cl_scanmap_callback(map, NULL, name_out, &scanned,
	    look->clam->engine, &options, look);
	*scanned_out = (uint64_t)scanned * CL_COUNT_PRECISION;
	return error;
}

/*
 * Have the documents macros?  A question of its own: of several heuristics the
 * library tells only the first, and another may weigh more.  What it costs is
 * bounded as the look before was, which came to its end.
 */
static void
look_for_macros(struct look *look, cl_fmap_t *map)
{
	struct packed *packed = &look->packed;
	bool was_mail = look->is_mail;
	uint64_t scanned;
	const char *name;
	cl_error_t error;

	if (packed->macros == PACKED_MACROS)
		return;
	error = time_left(look) == 0 ? CL_ETIMEOUT : ask_library(look, map,
	    ALL_KINDS, CL_SCAN_HEURISTIC_MACROS, &name, &scanned);
	look->is_mail = was_mail;
	if (error == CL_VIRUS && name != NULL && slice_has_prefix(
	    slice_str(name), "Heuristics.OLE2.ContainsMacros"))
		packed->macros = PACKED_MACROS;
	else if (error != CL_CLEAN)
		packed->macros = PACKED_UNKNOWN;
}

/* An archive of such a kind may have its names encrypted, too. */
static bool
may_hide_names(const struct scan_answer *answer)
{
	static const char *const kinds[] = { "7Zip", "RAR", "EGG" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_find_str(slice_str(answer->name), kinds[i]) !=
		    SIZE_MAX)
			return answer->result == SCAN_ENCRYPTED;
	return false;
}

/* One look of the library at some bytes. */
static void
look_into(struct look *look, struct slice bytes, uint32_t kinds)
{
	/* not BROKEN_MEDIA: telephones write such pictures */
	const uint32_t heuristic = CL_SCAN_HEURISTIC_BROKEN |
	    CL_SCAN_HEURISTIC_EXCEEDS_MAX |
	    CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE |
	    CL_SCAN_HEURISTIC_ENCRYPTED_DOC;
	struct scan_answer answer;
	const char *name;
	uint64_t scanned;
	cl_fmap_t *map;
	cl_error_t error;

	if (!set_left(look))
		return;
	look->clam->looks++;
	/* above it the library looks at nothing and is not asked to tell */
	if (bytes.len > look->clam->limits.file_bytes) {
		note(look, scan_answer_of(SCAN_TOO_MUCH, "",
		    "it is larger than the scanner takes"));
		return;
	}
	if (look->clam->clamd != NULL) {
		answer = clamd_look(look->clam->clamd, bytes, look->until_ms);
		spend(look, bytes.len);
		note(look, answer);
		return;
	}
	map = cl_fmap_open_memory(bytes.at, bytes.len);
	if (map == NULL) {
		note(look, scan_answer_of(SCAN_UNSCANNABLE, "",
		    "no memory to scan it"));
		return;
	}
	look->has_document = false;
	look->names_hidden = true;
	error = ask_library(look, map, kinds, heuristic, &name, &scanned);
	spend(look, scanned);
	answer = clam_answer((int)error, name);
	note(look, answer);
	if (look->names_hidden && may_hide_names(&answer))
		look->packed.more = true;
	if (look->has_document && answer.result != SCAN_VIRUS)
		look_for_macros(look, map);
	cl_fmap_close(map);
	if (look->is_rar && !look->clam->has_unrar)
		note(look, scan_answer_of(SCAN_UNSCANNABLE, "",
		    "the scanner has no unpacker for RAR"));
}

static void
look_at(struct look *look, struct slice bytes)
{
	look_into(look, bytes, ALL_KINDS);
}

/* Bytes with lines before them that make them mail. */
static void
look_as_mail(struct look *look, struct slice lines, struct slice message)
{
	char *bytes = malloc(lines.len + message.len);

	if (bytes == NULL) {
		note(look, scan_answer_of(SCAN_UNSCANNABLE, "",
		    "no memory to scan it"));
		return;
	}
	memcpy(bytes, lines.at, lines.len);
	memcpy(bytes + lines.len, message.at, message.len);
	look_at(look, slice_of(bytes, lines.len + message.len));
	/* the line has failed its purpose; better known than believed */
	if (!look->is_mail && look->clam->clamd == NULL &&
	    look->worst.result == SCAN_CLEAN)
		note(look, scan_answer_of(SCAN_UNSCANNABLE, "",
		    "the scanner does not take it for mail"));
	free(bytes);
}

/*
 * It begins with a field that mail begins with, and no other kind of file: what
 * stands before it differs from one hub to the next, and one more line is no
 * other message.
 */
static bool
begins_as_mail(struct slice message)
{
	static const char *const names[] = {
		"ARC-Seal:", "Authentication-Results:", "Content-Type:",
		"Date:", "Delivered-To:", "DKIM-Signature:", "From:",
		"List-Id:", "Message-ID:", "MIME-Version:", "Received-SPF:",
		"Reply-To:", "Return-Path:", "Sender:", "Subject:", "To:", "X-"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_is_nocase(slice_first(message, strlen(names[i])),
		    slice_str(names[i])))
			return true;
	return false;
}

/*
 * It is called a message: one that is encoded, a piece of one (RFC 2046 5.2),
 * or something that nobody knows.  Not the reports, which are fields only.
 */
static bool
is_called_mail(const struct mime_part *part)
{
	static const char *const reports[] = {
		"delivery-status", "disposition-notification",
		"feedback-report", "tracking-status",
		"global-delivery-status", "global-disposition-notification",
		"global-headers", "external-body",
	};

	if (!mime_is(part, "message", NULL))
		return false;
	for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++)
		if (slice_is_word(mime_subtype(part), reports[i]))
			return false;
	return true;
}

/*
 * The words of a message, as they stand: nobody looks for mail in them, and
 * headers that are quoted there need not be followed to their end.
 */
static bool
is_plain_words(const struct mime_part *part)
{
	TEXT_AUTO name = TEXT_INIT(1);
	struct header_field field;

	return !mime_is_odd(part) && mime_encoding(part) <= MIME_BINARY &&
	    mime_is(part, "text", NULL) &&
	    mime_type_param(part, "name", &name) == -ENOENT &&
	    !header_find(mime_header(part), "Content-Disposition", &field);
}

static void	look_at_leaves(struct look *, struct slice message);

/* Attached encoded, or with junk in its header: left whole so far. */
static void
look_inside(struct look *look, const struct mime_part *part,
    enum mime_encoding way, struct slice bytes)
{
	bool is_mail = is_called_mail(part);
	struct slice mail = is_mail ? ambiguous_message(bytes) :
	    ambiguous_mail(bytes);

	/* RFC 2046 5.2.2: the virus may be in two of them */
	if (mime_is(part, "message", "partial"))
		note(look, scan_answer_of(SCAN_TOO_MUCH, "",
		    "it is a piece of a message"));
	if (mail.len == 0) {
		/* who reads it in another way than it says sees none */
		if (is_mail && (way == mime_encoding(part) ||
		    mime_encoding(part) == MIME_UNKNOWN))
			note(look, scan_answer_of(SCAN_TOO_MUCH, "",
			    "a message in it cannot be read"));
		return;
	}
	if (look->inside < MAIL_IN_MAIL) {
		bool were_words = look->in_words;

		look->in_words = were_words || is_plain_words(part);
		look->inside++;
		look_at_leaves(look, mail);
		look->inside--;
		look->in_words = were_words;
	} else if (!look->in_words && !is_plain_words(part)) {
		note(look, scan_answer_of(SCAN_TOO_MUCH, "",
		    "there are too many messages in messages"));
	}
}

/* A file in the middle of a text: the library undoes uuencode, in mail. */
static void
look_at_file(struct look *look, struct slice bytes)
{
	const struct slice lines = SLICE(MAIL_LINE "\r\n");
	enum ambiguous_file file = ambiguous_file(bytes);

	if (file != AMBIGUOUS_NONE)
		look_as_mail(look, lines, bytes);
	if (file == AMBIGUOUS_OTHER)
		note(look, scan_answer_of(SCAN_TOO_MUCH, "",
		    "a file in a text of it cannot be read"));
}

/*
 * A leaf that the library has looked at already, in the message, and where it has
 * found nothing at all, is not shown again.  Text that stands there as it is it
 * has read with line ends of its own: what is in it and what it becomes is known,
 * but not its hash, nor what stands at a place of it.  No file that has others in
 * it does without a NUL.
 */
static void
look_at_leaf(struct look *look, const struct mime_part *part,
    enum mime_encoding way, struct slice bytes)
{
	const struct layers_tools *tools = look->clam->tools;
	bool was_clean = look->worst.result == SCAN_CLEAN &&
	    look->layers.count > 0;

	if (was_clean && layers_has(&look->layers, tools, bytes))
		return;
	look_into(look, bytes, was_clean && way <= MIME_BINARY &&
	    is_plain_words(part) && slice_find(bytes, '\0') == SIZE_MAX &&
	    layers_has_words(&look->layers, tools, bytes) ? NO_KIND :
	    ALL_KINDS);
}

static int
on_leaf(void *arg, const struct mime_part *part, enum mime_encoding way,
    struct slice bytes)
{
	struct look *look = arg;
	const char *why = broken_archive(bytes);

	look_at_leaf(look, part, way, bytes);
	if (why != NULL)
		note(look, scan_answer_of(SCAN_BROKEN, "", "%s", why));
	if (look->worst.result != SCAN_VIRUS && zip_is_strange(bytes))
		note(look, scan_answer_of(SCAN_ENCRYPTED, "",
		    "an archive in it is packed in an unknown way"));
	if (look->worst.result != SCAN_VIRUS)
		look_at_file(look, bytes);
	if (look->worst.result != SCAN_VIRUS)
		look_inside(look, part, way, bytes);
	/* nothing is worse than a virus, and no time is left after no time */
	return look->worst.result == SCAN_VIRUS || time_left(look) == 0 ?
	    -ECANCELED : 0;
}

static void
look_at_leaves(struct look *look, struct slice message)
{
	const char *limit = "";
	int r;

	r = leaves_each(message, &mime_default_limits, on_leaf, look, &limit);
	if (r == -E2BIG)
		note(look, scan_answer_of(SCAN_TOO_MUCH, "",
		    "its structure cannot be read to the end (%s)", limit));
	else if (r == -ECANCELED && look->worst.result != SCAN_VIRUS)
		note(look, scan_answer_of(SCAN_TOO_LONG, "",
		    "scanning took longer than it may"));
	else if (r < 0 && r != -ECANCELED)
		note(look, scan_answer_of(SCAN_UNSCANNABLE, "",
		    "no memory to scan it"));
}

struct scan_answer
clam_scan(struct clam *clam, struct slice message)
{
	struct look look = {
		.clam = clam,
		.worst = { .result = SCAN_CLEAN },
		.until_ms = clock_ms() + clam->limits.scan_ms,
		.bytes_left = clam->limits.all_bytes,
		.packed = {
			.macros = clam->clamd == NULL ? PACKED_NONE :
			    PACKED_UNKNOWN,
			.more = clam->clamd != NULL,
		},
	};
	const struct slice line = SLICE(MAIL_LINE);

	if (message.len == 0) {
		look.worst.packed.macros = PACKED_NONE;
		return look.worst;
	}
	look.notes_layers = clam->engine != NULL;
	if (begins_as_mail(message)) {
		look_as_mail(&look, line, message);
	} else {
		look_at(&look, message);
		if (look.worst.result != SCAN_VIRUS && !look.is_mail)
			look_as_mail(&look, line, message);
	}
	look.notes_layers = false;
	if (look.worst.result != SCAN_VIRUS)
		look_at_leaves(&look, message);
	/* what was not read may have any */
	if (look.packed.macros == PACKED_NONE &&
	    look.worst.result != SCAN_CLEAN)
		look.packed.macros = PACKED_UNKNOWN;
	look.worst.packed = look.packed;
	return look.worst;
}
