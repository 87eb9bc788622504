/*
 * pop3_capa.c - what a POP3 server says it can, from its greeting and CAPA
 *
 * A list counts when its dot has come.  Every -ERR takes back what was known:
 * a server that lists abilities before TLS and refuses CAPA after it has none.
 */
#include "fetch/pop3_capa.h"

static const struct {
	const char	*word;
	unsigned	 bit;
} abilities[] = {
	{ "USER",	POP3_CAPA_USER },
	{ "PIPELINING",	POP3_CAPA_PIPELINING },
}, mechanisms[] = {
	{ "PLAIN",	POP3_CAPA_PLAIN },
	{ "LOGIN",	POP3_CAPA_LOGIN },
	{ "CRAM-MD5",	POP3_CAPA_CRAM_MD5 },
};

/* RFC 1939 7: the greeting holds <process-ID.clock@hostname> */
static bool
has_timestamp(struct slice line)
{
	struct slice head;

	if (!slice_cut(&line, '<', &head) || !slice_cut(&line, '>', &head))
		return false;
	return slice_find(head, '@') != SIZE_MAX;
}

static unsigned
ability(struct slice line)
{
	struct slice word;
	unsigned bits = 0;

	if (!slice_word(&line, &word))
		return 0;
	for (size_t i = 0; i < sizeof(abilities) / sizeof(*abilities); i++)
		if (slice_is_word(word, abilities[i].word))
			return abilities[i].bit;
	if (!slice_is_word(word, "SASL"))
		return 0;
	while (slice_word(&line, &word))
		for (size_t i = 0; i < 3; i++)
			if (slice_is_word(word, mechanisms[i].word))
				bits |= mechanisms[i].bit;
	return bits;
}

void
pop3_capa_line(struct pop3_capa *capa, struct slice line)
{
	if (!capa->greeted) {
		capa->greeted = true;
		capa->has_apop = has_timestamp(line);
	} else if (slice_has_prefix(line, "+OK")) {
		/* of CAPA, or of something that has no list behind it */
		capa->listing = true;
		capa->listed = 0;
	} else if (slice_has_prefix(line, "-ERR")) {
		capa->listing = capa->is_known = false;
		capa->has = 0;
	} else if (capa->listing && slice_is_str(line, ".")) {
		capa->listing = false;
		capa->is_known = true;
		capa->has = capa->listed;
	} else if (capa->listing) {
		capa->listed |= ability(line);
	}
}
