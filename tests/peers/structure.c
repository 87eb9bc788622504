/*
 * structure.c - what IMAP tells of messages, for another server's to be held
 * against it
 *
 * usage: structure <FILES
 *
 * FILES are paths, one a line.  For each three lengths and a line feed, then
 * ENVELOPE, BODY and BODYSTRUCTURE.  At the end, to the standard error, how
 * long it took and how large what is kept of a message is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/message/structure.h"

#define ROUNDS	20	/* of each message, for the clock */

struct sum {
	unsigned long	messages, bytes, packed, largest;
	double		seconds;
};

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct slice
map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *at;

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		exit(1);
	}
	at = st.st_size == 0 ? NULL : mmap(NULL, (size_t)st.st_size,
	    PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (at == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	return slice_of(at, (size_t)st.st_size);
}

static void
tell(const char *path, struct sum *sum)
{
	struct slice message = map(path);
	TEXT_AUTO packed = TEXT_INIT(2 * STRUCTURE_MOST);
	TEXT_AUTO envelope = TEXT_INIT(4 * STRUCTURE_MOST);
	TEXT_AUTO body = TEXT_INIT(4 * STRUCTURE_MOST);
	TEXT_AUTO extended = TEXT_INIT(4 * STRUCTURE_MOST);
	struct structure structure;
	double began = now();

	for (unsigned i = 0; i < ROUNDS; i++) {
		text_clear(&packed);
		if (structure_make(message, &packed) < 0)
			exit(1);
	}
	sum->seconds += (now() - began) / ROUNDS;
	if (structure_open(text_slice(&packed), &structure) < 0) {
		fprintf(stderr, "%s: cannot be read back\n", path);
		exit(1);
	}
	structure_envelope(&envelope, &structure);
	structure_body(&body, &structure, false);
	structure_body(&extended, &structure, true);
	printf("%zu %zu %zu\n", envelope.len, body.len, extended.len);
	(void)fwrite(envelope.at, 1, envelope.len, stdout);
	(void)fwrite(body.at, 1, body.len, stdout);
	(void)fwrite(extended.at, 1, extended.len, stdout);
	sum->messages++;
	sum->bytes += message.len;
	sum->packed += packed.len;
	if (packed.len > sum->largest)
		sum->largest = packed.len;
	if (message.len > 0)
		(void)munmap((void *)(uintptr_t)message.at, message.len);
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;
	struct sum sum = { 0 };

	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		tell(line, &sum);
	}
	free(line);
	if (sum.messages == 0)
		return 1;
	fprintf(stderr, "structure: %lu messages of %lu bytes, %lu bytes kept "
	    "(most %lu), %.1f us each\n", sum.messages,
	    sum.bytes / sum.messages, sum.packed / sum.messages, sum.largest,
	    sum.seconds * 1e6 / (double)sum.messages);
	return fflush(stdout) == 0 ? 0 : 1;
}
