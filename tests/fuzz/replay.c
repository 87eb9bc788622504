/*
 * replay.c - feed a fuzz harness known inputs, without libFuzzer
 *
 * Each argument is a file or a folder; every regular file in it is one input.
 * The empty input goes first.  Each input has a heap block of its own size,
 * so that ASan sees the first byte read past its end.  Prints how many files
 * there were; exits 1 if one could not be read.
 */
#include <sys/stat.h>

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The harness; libFuzzer's name and contract. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t files;

static int
feed(const char *path, const struct stat *st, int type, struct FTW *at)
{
	size_t	 len = (size_t)st->st_size;
	uint8_t	*bytes;
	FILE	*file;

	(void)at;
	if (type == FTW_D)
		return 0;
	if (type != FTW_F)
		return -1;
	file = fopen(path, "rb");
	bytes = malloc(len > 0 ? len : 1);
	if (file == NULL || bytes == NULL ||
	    fread(bytes, 1, len, file) != len) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
	files++;
	return 0;
}

int
main(int argc, char **argv)
{
	static const uint8_t nothing[1];

	LLVMFuzzerTestOneInput(nothing, 0);
	for (int i = 1; i < argc; i++) {
		if (nftw(argv[i], feed, 16, FTW_PHYS) != 0) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return EXIT_FAILURE;
		}
	}
	printf("%zu\n", files);
	return EXIT_SUCCESS;
}
