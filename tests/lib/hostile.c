/* hostile.c - see hostile.h. */
#include "tests/lib/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

enum { TIMEOUT_S = 20, MOST_WORDS = 16 };

static const char outside_text[] = "not to be touched\n";

static void must(bool is_fine, const char *what)
{
	if (is_fine)
		return;
	perror(what);
	abort();
}

static char *absolute(const char *path)
{
	char *full = realpath(path, NULL);
	must(full != NULL, path);
	return full;
}

static void put_outside(const struct hostile *host)
{
	kh_auto(kh_free) char *path = kh_printf("%s/file", host->outside);
	must(mkdir(host->outside, 0755) == 0, host->outside);
	kh_auto(kh_fclose) FILE *file = fopen(path, "we");
	must(file && fputs(outside_text, file) >= 0, path);
}

static void put_config(struct hostile *host, const char *path)
{
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	char text[65536] = "";
	must(file && fread(text, 1, sizeof(text) - 1, file) > 0, path);
	fixture_put(&host->fixture, "/etc/kvmhost/kvmhost.yaml", text);
}

void hostile_open(struct hostile *host, const char *name)
{
	kh_auto(kh_free) char *own = kh_printf("tests/golden/%s.yaml", name);
	const char *build = getenv("B") ? getenv("B") : "build";
	kh_auto(kh_free) char *program = kh_printf("%s/kvmhost", build);
	fixture_open(&host->fixture, name);
	fixture_put_mode(&host->fixture, "/usr/local/sbin/kvmhost", "kvmhost\n", 0755);
	put_config(host, access(own, R_OK) == 0 ? own : "tests/golden/contract.yaml");
	host->program = absolute(program);
	host->outside = kh_printf("%s.outside", host->fixture.path);
	host->output = kh_printf("%s.output", host->fixture.path);
	put_outside(host);
}

void hostile_check_outside(const struct hostile *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_root_done) struct kh_root outside = KH_ROOT_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	must(kh_root_open(host->outside, &outside, &err) == 0, host->outside);
	kh_auto(kh_free) char *text = kh_root_text(&outside, "/file");
	kh_root_list(&outside, "/", &names);
	must(names.count == 1 && text && strcmp(text, outside_text) == 0, "what is outside");
}

void hostile_close(struct hostile *host)
{
	kh_auto(kh_free) char *file = kh_printf("%s/file", host->outside);
	unlink(file);
	rmdir(host->outside);
	unlink(host->output);
	free(host->outside);
	free(host->output);
	free(host->program);
	fixture_close(&host->fixture);
}

struct words {
	const char *argv[MOST_WORDS];
};

static void fill(const struct hostile *host, struct words *words, const char *name, va_list rest)
{
	size_t count = 0;
	const char *const first[] = {host->program, "--root", host->fixture.path, name};
	for (size_t i = 0; i < KH_COUNT(first); i++)
		words->argv[count++] = first[i];
	for (const char *word = va_arg(rest, const char *); word && count + 1 < MOST_WORDS;
	     word = va_arg(rest, const char *))
		words->argv[count++] = word;
	words->argv[count] = NULL;
}

int hostile_watch(struct hostile *host, struct spy *ret_spy, const char **ret_reason,
		  const char *name, va_list words)
{
	struct words all;
	fill(host, &all, name, words);
	return spy_run(all.argv, host->output, TIMEOUT_S, ret_spy, ret_reason);
}

void hostile_run(struct hostile *host, struct spy *ret_spy, const char *name, ...)
{
	struct words all;
	va_list words;
	va_start(words, name);
	fill(host, &all, name, words);
	va_end(words);
	spy_only_run(all.argv, host->output, TIMEOUT_S, ret_spy);
}

char *hostile_output(const struct hostile *host)
{
	kh_auto(kh_fclose) FILE *file = fopen(host->output, "re");
	char text[4096] = "";
	size_t got = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	return kh_strndup(text, got);
}
