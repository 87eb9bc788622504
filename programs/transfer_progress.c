/*
 * transfer_progress.c - how far an import or an export is, on a terminal
 */
#include "programs/transfer_progress.h"

#include <sys/ioctl.h>

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/amounts.h"

#define DRAW_MS		200
#define WIDTH_USUAL	80	/* of a terminal that does not say */
#define WIDTH_MOST	200
#define BAR_LEAST	8	/* a shorter bar says nothing */
#define BAR_MOST	40

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH_USUAL;
	return size.ws_col < WIDTH_MOST ? size.ws_col : WIDTH_MOST;
}

struct transfer_progress
transfer_progress_of(const struct cli *cli)
{
	return (struct transfer_progress){
		.language = cli->language,
		.draws = !cli->json && isatty(STDOUT_FILENO) == 1,
		.began_ms = now_ms(),
	};
}

void
transfer_progress_undraw(struct transfer_progress *progress)
{
	if (progress->drawn > 0)
		printf("\r%*s\r", (int)progress->drawn, "");
	progress->drawn = 0;
	(void)fflush(stdout);
}

/* "1,234 messages, 5.6 MB of 7.8 MB, 2.1 MB/s, 0:42" */
static void
add_figures(struct text *line, const struct transfer_progress *progress,
    int64_t took_ms)
{
	char messages[AMOUNT_SIZE], bytes[AMOUNT_SIZE], of[AMOUNT_SIZE];
	char rate[AMOUNT_SIZE];
	uint64_t a_second = progress->bytes * 1000 / (uint64_t)took_ms;
	uint64_t left = progress->of_bytes > progress->bytes && a_second > 0 ?
	    (progress->of_bytes - progress->bytes) / a_second : 0;

	amount_messages(progress->language, progress->messages, messages);
	amount_bytes(progress->language, progress->bytes, bytes);
	amount_bytes(progress->language, progress->of_bytes, of);
	amount_bytes(progress->language, a_second, rate);
	text_say(line, progress->language, TRANSFER_PROGRESS, messages, bytes,
	    of, rate, (unsigned long long)(left / 60), (unsigned)(left % 60));
}

static void
add_bar(struct text *line, size_t width,
    const struct transfer_progress *progress)
{
	double part = progress->of_bytes == 0 ? 0 : (double)progress->bytes /
	    (double)progress->of_bytes;
	size_t full = (size_t)((double)(width - 2) * (part < 1 ? part : 1));

	text_add_byte(line, '[');
	for (size_t i = 0; i < width - 2; i++)
		text_add_byte(line, i < full ? '#' : '.');
	text_add_str(line, "] ");
}

void
transfer_progress_draw(struct transfer_progress *progress)
{
	TEXT_AUTO line = TEXT_INIT(4096);
	TEXT_AUTO figures = TEXT_INIT(4096);
	int64_t now = now_ms();
	size_t width, taken, room;

	if (!progress->draws || now - progress->drew_ms < DRAW_MS ||
	    now - progress->began_ms < DRAW_MS)
		return;
	progress->drew_ms = now;
	width = terminal_width() - 1;
	add_figures(&figures, progress, now - progress->began_ms);
	taken = cli_width(text_slice(&figures));
	room = width > taken + 1 ? width - taken - 1 : 0;
	if (room >= BAR_LEAST)
		add_bar(&line, room < BAR_MOST ? room : BAR_MOST, progress);
	text_add(&line, text_slice(&figures));
	transfer_progress_undraw(progress);
	if (text_failed(&line) || cli_width(text_slice(&line)) > width)
		return;
	progress->drawn = cli_width(text_slice(&line));
	(void)fwrite(line.at, 1, line.len, stdout);
	(void)fflush(stdout);
}
