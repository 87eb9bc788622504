/*
 * clam.c - libclamav, with its open ends closed: what is loaded
 */
#include "filters/clam_inside.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filters/clam_trial.h"
#include "lib/base/log.h"

/*
 * HARDENING, the table of limits: half of what the library takes by default,
 * which is meant for whole disks.  Mail that needs more is held, not passed.
 */
const struct clam_limits clam_default_limits = {
	.scan_bytes = 200u << 20,
	/* the largest honest mail in three looks; few bombs are no siege */
	.all_bytes = 400u << 20,
	.file_bytes = 64u << 20,	/* above the largest mail we take */
	.recursion = 12,		/* honest archives stay below 4 */
	.files = 2000,
	.scan_ms = 20000,
	.bytecode_ms = 5000,
	.pcre_matches = 100000,		/* as clamd has it */
	.pcre_depth = 2000,
};

/*
 * The library prints; this makes a line of our log of it.  Only what a person
 * must know to mend a set of signatures.
 */
static void
on_words(enum cl_msg severity, const char *whole, const char *words,
    void *context)
{
	size_t len = strlen(words);

	(void)whole;
	(void)context;
	while (len > 0 && words[len - 1] == '\n')
		len--;
	if (severity >= CL_MSG_ERROR)
		log_say("libclamav: %.*s", (int)len, words);
}

static void
on_words_quietly(enum cl_msg severity, const char *whole, const char *words,
    void *context)
{
	(void)severity;
	(void)whole;
	(void)words;
	(void)context;
}

void
clam_quiet(void)
{
	cl_set_clcb_msg(on_words_quietly);
}

int
clam_open(void)
{
	cl_set_clcb_msg(on_words);
	return cl_init(CL_INIT_DEFAULT) == CL_SUCCESS ? 0 : -ENOMEM;
}

static int
on_library(struct dl_phdr_info *info, size_t size, void *found)
{
	(void)size;
	if (info->dlpi_name != NULL &&
	    strstr(info->dlpi_name, "libclamunrar_iface") != NULL)
		*(bool *)found = true;
	return 0;
}

/*
 * The unpacker for RAR is not free and comes apart (Debian: libclamunrar).
 * cl_init() has loaded it, or says nothing and takes all of RAR for clean.
 */
static bool
has_unrar(void)
{
	bool found = false;

	(void)dl_iterate_phdr(on_library, &found);
	return found;
}

static int
set_limits(struct cl_engine *engine, const struct clam_limits *limits)
{
	const struct {
		enum cl_engine_field	field;
		uint64_t		value;
	} rows[] = {
		{ CL_ENGINE_MAX_SCANSIZE, limits->scan_bytes },
		{ CL_ENGINE_MAX_FILESIZE, limits->file_bytes },
		{ CL_ENGINE_MAX_RECURSION, limits->recursion },
		{ CL_ENGINE_MAX_FILES, limits->files },
		{ CL_ENGINE_MAX_SCANTIME, limits->scan_ms },
		/* above these it would leave out a step and not tell */
		{ CL_ENGINE_MAX_EMBEDDEDPE, limits->file_bytes },
		{ CL_ENGINE_MAX_HTMLNORMALIZE, limits->file_bytes },
		{ CL_ENGINE_MAX_HTMLNOTAGS, limits->file_bytes },
		{ CL_ENGINE_MAX_SCRIPTNORMALIZE, limits->file_bytes },
		{ CL_ENGINE_MAX_ZIPTYPERCG, limits->file_bytes },
		{ CL_ENGINE_PCRE_MAX_FILESIZE, limits->file_bytes },
		{ CL_ENGINE_BYTECODE_TIMEOUT, limits->bytecode_ms },
		{ CL_ENGINE_PCRE_MATCH_LIMIT, limits->pcre_matches },
		{ CL_ENGINE_PCRE_RECMATCH_LIMIT, limits->pcre_depth },
		/* programs among the signatures: signed ones, interpreted */
		{ CL_ENGINE_BYTECODE_SECURITY, CL_BYTECODE_TRUST_SIGNED },
		{ CL_ENGINE_BYTECODE_MODE, CL_BYTECODE_MODE_INTERPRETER },
		/* a clean verdict of one message is none for the next */
		{ CL_ENGINE_DISABLE_CACHE, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (cl_engine_set_num(engine, rows[i].field,
		    (long long)rows[i].value) != CL_SUCCESS)
			return -EINVAL;
	return 0;
}

static int
fault_of(cl_error_t error, const char **words_out)
{
	switch (error) {
	case CL_EMEM:
		*words_out = "no memory for the signatures";
		return -ENOMEM;
	case CL_EOPEN:
	case CL_EACCES:
	case CL_EREAD:
	case CL_ESTAT:
		*words_out = "the signatures cannot be read, or there are none";
		return -EIO;
	default:
		*words_out = "a signature file is broken";
		return -EBADMSG;
	}
}

/* Our own signature, which counts for none. */
static int
load_trial(struct clam *clam, int folder_fd, const char **words_out)
{
	char path[64];
	unsigned signatures = 0;
	cl_error_t error;
	int r = clam_trial_write(folder_fd);

	*words_out = "the signature for the trial cannot be written";
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", folder_fd,
	    CLAM_TRIAL_FILE);
	error = cl_load(path, clam->engine, &signatures, CL_DB_STDOPT);
	if (unlinkat(folder_fd, CLAM_TRIAL_FILE, 0) < 0)
		return -errno;
	return error == CL_SUCCESS ? 0 : fault_of(error, words_out);
}

static int
load_into(struct clam *clam, int folder_fd, int trial_fd,
    const char **words_out)
{
	unsigned signatures = 0;
	cl_error_t error;
	char path[32];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", folder_fd);
	error = cl_load(path, clam->engine, &signatures, CL_DB_STDOPT);
	if (error != CL_SUCCESS)
		return fault_of(error, words_out);
	/* success with nothing loaded is the first of the open ends */
	if (signatures == 0) {
		*words_out = "there are no signatures";
		return -ENOENT;
	}
	r = trial_fd < 0 ? 0 : load_trial(clam, trial_fd, words_out);
	if (r < 0)
		return r;
	error = cl_engine_compile(clam->engine);
	if (error != CL_SUCCESS)
		return fault_of(error, words_out);
	clam->signatures = signatures;
	return 0;
}

int
clam_load(int folder_fd, int trial_fd, const struct clam_limits *limits,
    struct clam **clam_out, const char **words_out)
{
	struct clam *clam = calloc(1, sizeof(*clam));
	int r;

	*words_out = "no memory for the signatures";
	if (clam == NULL)
		return -ENOMEM;
	clam->limits = *limits;
	clam->has_unrar = has_unrar();
	clam->engine = cl_engine_new();
	r = clam->engine == NULL ? -ENOMEM : set_limits(clam->engine, limits);
	if (r == 0)
		r = layers_open(&clam->tools);
	if (r == -EINVAL)
		*words_out = "a limit cannot be set";
	if (r == 0)
		r = load_into(clam, folder_fd, trial_fd, words_out);
	if (r < 0) {
		clam_free(clam);
		return r;
	}
	clam_tell_looks(clam->engine);
	*clam_out = clam;
	return 0;
}

int
clam_call(const struct clamd *clamd, const struct clam_limits *limits,
    struct clam **clam_out)
{
	struct clam *clam = calloc(1, sizeof(*clam));

	if (clam == NULL)
		return -ENOMEM;
	clam->limits = *limits;
	clam->clamd = clamd;
	/* what it has not it says, or does not: nobody can ask it */
	clam->has_unrar = true;
	*clam_out = clam;
	return 0;
}

void
clam_free(struct clam *clam)
{
	if (clam == NULL)
		return;
	if (clam->engine != NULL)
		(void)cl_engine_free(clam->engine);
	layers_close(clam->tools);
	free(clam);
}

uint64_t
clam_signatures(const struct clam *clam)
{
	return clam->signatures;
}

uint64_t
clam_looks(const struct clam *clam)
{
	return clam->looks;
}

bool
clam_reads_rar(const struct clam *clam)
{
	return clam->has_unrar;
}

int
clam_scratch(struct clam *clam, int folder_fd)
{
	char path[32];

	if (clam->engine == NULL)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", folder_fd);
	return cl_engine_set_str(clam->engine, CL_ENGINE_TMPDIR, path) ==
	    CL_SUCCESS ? 0 : -ENOMEM;
}
