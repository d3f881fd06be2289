/* test_grub_default_file.c - /etc/default/grub as shell text; a real shell has the last word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "grub/default_file.h"

static const char linux_all[] = "GRUB_CMDLINE_LINUX";
static const char linux_default[] = "GRUB_CMDLINE_LINUX_DEFAULT";

static void add(struct kh_cmdline_groups *groups, const char *key, const char *word)
{
	struct kh_cmdline_group *group = kh_cmdline_add_group(groups, key, "why");
	kh_strv_add(&group->keys, key);
	if (word)
		kh_strv_add(&group->words, word);
	group->is_repeatable = kh_cmdline_is_repeatable(key);
}

static void assert_merged(const char *text, const char *variable,
			  const struct kh_cmdline_groups *groups, const char *expected)
{
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	kh_auto(kh_free) char *merged = kh_default_file_merge(text, variable, groups, &stale);
	assert_string_equal(merged, expected);
	kh_auto(kh_free) char *again = kh_default_file_merge(merged, variable, groups, &stale);
	assert_string_equal(again, merged);
}

static const char *shell = "/bin/sh";

/* What a shell makes of both variables: "LINUX|DEFAULT". */
static char *sourced(const char *text)
{
	char path[] = "/tmp/kvmhost-default-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	kh_auto(kh_free) char *script = kh_printf(
		"set -eu; GRUB_CMDLINE_LINUX=; GRUB_CMDLINE_LINUX_DEFAULT=; . %s; "
		"printf '%%s|%%s' \"$GRUB_CMDLINE_LINUX\" \"$GRUB_CMDLINE_LINUX_DEFAULT\"",
		path);
	const char *const argv[] = {shell, "-c", script, NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char *output = NULL;
	int result = kh_run(&kh_run_system, argv, 10, &output, &err);
	unlink(path);
	if (result != 0)
		fail_msg("%s\n%s", err.message, text);
	return output;
}

static void values_are_read_however_they_are_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text, *value;
		int line;
	} cases[] = {
		{"GRUB_CMDLINE_LINUX=\"a b\"\n", "a b", 1},
		{"# x\nGRUB_CMDLINE_LINUX='a  b' # quiet\n", "a  b", 2},
		{"GRUB_CMDLINE_LINUX=a\\ b;X=1\n", "a b", 1},
		{"GRUB_CMDLINE_LINUX=\"a \\\n b\"\n", "a  b", 1},
		{"GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX+=\" b\"\n", "a b", 2},
		{"GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX b\"\n", "a b", 2},
		{"GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:-} b\"\n", " b", 1},
		{"export GRUB_CMDLINE_LINUX=\"d=\\\"x y\\\"\"\n", "d=\"x y\"", 1},
		{"if true; then GRUB_CMDLINE_LINUX=a; fi\n", "a", 1},
		{"GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:+"
		 "$GRUB_CMDLINE_LINUX }b\"\n",
		 "a b", 2},
		{"GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:+$GRUB_CMDLINE_LINUX }b\"\n", "b", 1},
		{"GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:-a \"b}\"} c\"\n", "a b} c", 1},
		{"GRUB_CMDLINE_LINUX=a; GRUB_CMDLINE_LINUX=${GRUB_CMDLINE_LINUX-x}b\n", "ab", 1},
		{"GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:-it's} b\" # '\n", "it's b", 1},
		{"X=\"$(echo GRUB_CMDLINE_LINUX=no \")\")\" GRUB_CMDLINE_LINUX=a\n", "a", 1},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		int line = 0;
		kh_auto(kh_free) char *value =
			kh_default_file_value(cases[i].text, linux_all, &line);
		assert_non_null(value);
		assert_string_equal(value, cases[i].value);
		assert_int_equal(line, cases[i].line);
	}
	kh_auto(kh_free) char *none = kh_default_file_value("#GRUB_CMDLINE_LINUX=a\necho "
							    "GRUB_CMDLINE_LINUX=b\n",
							    linux_all, NULL);
	assert_null(none);
}

static void setting_afresh_is_told_from_appending(void **state)
{
	(void)state;
	assert_true(kh_default_file_overrides("GRUB_CMDLINE_LINUX_DEFAULT=quiet\n", linux_default));
	assert_false(kh_default_file_overrides(
		"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT x\"\n", linux_default));
	assert_false(kh_default_file_overrides("GRUB_CMDLINE_LINUX_DEFAULT+=x\n", linux_default));
	assert_true(kh_default_file_overrides(
		"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX x\"\n", linux_default));
	assert_false(kh_default_file_overrides("#GRUB_CMDLINE_LINUX_DEFAULT=x\n", linux_default));
}

static void our_words_go_into_the_last_assignment_and_every_other_byte_stays(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged(
		"# c\nGRUB_CMDLINE_LINUX='old iommu=off'\nGRUB_CMDLINE_LINUX=\"ro  quiet\"  # d",
		linux_all, &groups,
		"# c\nGRUB_CMDLINE_LINUX='old'\nGRUB_CMDLINE_LINUX=\"ro  quiet iommu=pt\"  # d");
	assert_merged("GRUB_CMDLINE_LINUX=quiet\n", linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"quiet iommu=pt\"\n");
	assert_merged("GRUB_CMDLINE_LINUX=\n", linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
	assert_merged("GRUB_CMDLINE_LINUX=\"\"\n", linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
	assert_merged("X=1", linux_all, &groups, "X=1\nGRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
	assert_merged(
		"GRUB_CMDLINE_LINUX_DEFAULT=\"iommu=off intel_iommu=on\"\n", linux_all, &groups,
		"GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on\"\nGRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
}

static void a_continued_line_stays_continued(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged("GRUB_CMDLINE_LINUX=\"net.ifnames=0 \\\n\t$CONSOLE ${E:-} d=\\\"a b\\\"\"\n",
		      linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"net.ifnames=0 \\\n\t$CONSOLE ${E:-} d=\\\"a b\\\" "
		      "iommu=pt\"\n");
}

static void what_is_stale_goes_everywhere(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	kh_cmdline_split("iommu=pt hugepagesz=1G hugepages=1", &stale);
	kh_auto(kh_free) char *merged = kh_default_file_merge(
		"GRUB_CMDLINE_LINUX=\"ro iommu=pt hugepagesz=1G hugepages=1\"\n"
		"GRUB_CMDLINE_LINUX_DEFAULT='iommu=pt quiet'\n",
		linux_all, &groups, &stale);
	assert_string_equal(merged,
			    "GRUB_CMDLINE_LINUX=\"ro\"\nGRUB_CMDLINE_LINUX_DEFAULT='quiet'\n");
}

static void a_shell_reads_back_exactly_the_word_that_was_wanted(void **state)
{
	(void)state;
	static const char *const words[] = {"a=b",
					    "dyndbg=\"file drivers/usb/* +p\"",
					    "memmap=4G\\$0x100",
					    "x=`date`",
					    "it\\'s=1",
					    "glob=*?[a]",
					    "back=\\\\slash",
					    "many=%s&amp"};
	static const char *const files[] = {
		"", "GRUB_CMDLINE_LINUX=\"quiet\"\n", "GRUB_CMDLINE_LINUX='quiet'\n",
		"GRUB_CMDLINE_LINUX=quiet\n", "A=quiet\nGRUB_CMDLINE_LINUX=\"$A\"''\n"};
	for (size_t w = 0; w < KH_COUNT(words); w++)
		for (size_t f = 0; f < KH_COUNT(files); f++) {
			kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
			kh_auto(kh_strv_done) struct kh_strv stale = {0};
			kh_auto(kh_free) char *key = kh_cmdline_key(words[w]);
			add(&groups, key, words[w]);
			kh_auto(kh_free) char *merged =
				kh_default_file_merge(files[f], linux_all, &groups, &stale);
			kh_auto(kh_free) char *expected =
				kh_printf("%s%s|", f > 0 ? "quiet " : "", words[w]);
			kh_auto(kh_free) char *got = sourced(merged);
			assert_string_equal(got, expected);
			kh_auto(kh_free) char *again =
				kh_default_file_merge(merged, linux_all, &groups, &stale);
			assert_string_equal(again, merged);
		}
}

/* ---- what cannot be seen ---- */

#define OPENING "GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:+$GRUB_CMDLINE_LINUX }"

static void assert_appended(const char *text, const char *effect)
{
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups others = {0};
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups nothing = {0};
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	add(&groups, "iommu", "iommu=pt");
	add(&others, "iommu", "iommu=off");
	add(&others, "nosmt", "nosmt");
	kh_auto(kh_free) char *expected = kh_printf("%s" OPENING "iommu=pt\"\n", text);
	assert_merged(text, linux_all, &groups, expected);
	kh_auto(kh_free) char *got = sourced(expected);
	assert_string_equal(got, effect);
	kh_auto(kh_free) char *other = kh_printf("%s" OPENING "iommu=off nosmt\"\n", text);
	assert_merged(expected, linux_all, &others, other);
	kh_cmdline_split("iommu=off nosmt", &stale);
	kh_auto(kh_free) char *gone = kh_default_file_merge(other, linux_all, &nothing, &stale);
	assert_string_equal(gone, text);
}

static void what_a_sourced_file_sets_is_kept(void **state)
{
	(void)state;
	char path[] = "/tmp/kvmhost-site-XXXXXX";
	static const char site[] = "GRUB_CMDLINE_LINUX='rd.lvm.lv=cl/root rhgb'\n";
	int fd = mkstemp(path);
	assert_int_equal(write(fd, site, strlen(site)), (ssize_t)strlen(site));
	close(fd);
	kh_auto(kh_free) char *dot = kh_printf("GRUB_CMDLINE_LINUX=old\n. %s\n", path);
	assert_appended(dot, "rd.lvm.lv=cl/root rhgb iommu=pt|");
	kh_auto(kh_free) char *alone = kh_printf("[ ! -e %s ] || . %s\n", path, path);
	assert_appended(alone, "rd.lvm.lv=cl/root rhgb iommu=pt|");
	kh_auto(kh_free) char *before =
		kh_printf(". %s\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX a\"\n", path);
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	add(&groups, "iommu", "iommu=pt");
	kh_auto(kh_free) char *merged = kh_default_file_merge(before, linux_all, &groups, &stale);
	assert_null(strstr(merged, OPENING)); /* it has the last word, and is plain */
	kh_auto(kh_free) char *got = sourced(merged);
	unlink(path);
	assert_string_equal(got, "rd.lvm.lv=cl/root rhgb a iommu=pt|");
}

static void what_sets_the_variable_in_disguise_is_kept(void **state)
{
	(void)state;
	static const char *const cases[] = {
		": \"${GRUB_CMDLINE_LINUX:=root=x}\"\n",
		": ${GRUB_CMDLINE_LINUX:=root=x}\n",
		"eval 'GRUB_CMDLINE_LINUX=root=x'\n",
		"f() { GRUB_CMDLINE_LINUX=root=x; }\nf\n",
		"f()\n{\nGRUB_CMDLINE_LINUX=root=x\n}\nf\nGRUB_TIMEOUT=1\n",
		"for GRUB_CMDLINE_LINUX in a root=x; do :; done\n",
		"read GRUB_CMDLINE_LINUX <<EOF\nroot=x\nEOF\n",
		"GRUB_CMDLINE_LINUX=old\nread GRUB_CMDLINE_LINUX <<-'E'\n\troot=x\n\tE\n",
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++)
		assert_appended(cases[i], "root=x iommu=pt|");
	assert_appended("GRUB_CMDLINE_LINUX=old\nunset GRUB_CMDLINE_LINUX\n", "iommu=pt|");
}

static void an_assignment_that_may_not_happen_does_not_carry_our_words(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"GRUB_CMDLINE_LINUX=root=x\nif false; then\n\tGRUB_CMDLINE_LINUX=a\nfi\n",
		"if true; then GRUB_CMDLINE_LINUX=root=x; else GRUB_CMDLINE_LINUX=b; fi\n",
		"GRUB_CMDLINE_LINUX=root=x\ncase a in b|c) GRUB_CMDLINE_LINUX=a ;; esac\n",
		"GRUB_CMDLINE_LINUX=root=x\ncase a in\n(b)\n\tGRUB_CMDLINE_LINUX=a\nesac\n",
		"GRUB_CMDLINE_LINUX=root=x\nfalse && GRUB_CMDLINE_LINUX=a || :\n",
		"GRUB_CMDLINE_LINUX=root=x\ntrue ||\n\n # c\n\tGRUB_CMDLINE_LINUX=a\n",
		"GRUB_CMDLINE_LINUX=root=x\nwhile false; do GRUB_CMDLINE_LINUX=a; done\n",
		"GRUB_CMDLINE_LINUX=root=x\n( GRUB_CMDLINE_LINUX=a )\n",
		"GRUB_CMDLINE_LINUX=root=x\nGRUB_CMDLINE_LINUX=a | :\n",
		"GRUB_CMDLINE_LINUX=root=x\n: | GRUB_CMDLINE_LINUX=a\n",
		"GRUB_CMDLINE_LINUX=root=x\nGRUB_CMDLINE_LINUX=a &\nwait\n",
		"GRUB_CMDLINE_LINUX=root=x\nGRUB_CMDLINE_LINUX=a /bin/true >/dev/null 2>&1\n",
		"GRUB_CMDLINE_LINUX=root=x\nf() { GRUB_CMDLINE_LINUX=a; }\n",
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++)
		assert_appended(cases[i], "root=x iommu=pt|");
}

static void what_sets_nothing_of_ours_is_no_reason_for_a_line_of_our_own(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"GRUB_CMDLINE_LINUX=\"%s\"\nif [ -e /x ]; then GRUB_TIMEOUT=1; fi\n",
		"GRUB_CMDLINE_LINUX=\"%s\" && GRUB_TIMEOUT=1\n",
		"false || GRUB_TIMEOUT=2\nGRUB_CMDLINE_LINUX=\"%s\"\n",
		"if false; then :; fi; case a in b) : ;; esac\nGRUB_CMDLINE_LINUX=\"%s\"\n",
		"GRUB_CMDLINE_LINUX=\"%s\"\nexport A GRUB_CMDLINE_LINUX B=1\nunset C D\n",
		"export A GRUB_CMDLINE_LINUX=\"%s\" B\n",
		"A=1 \\\n\tGRUB_CMDLINE_LINUX=\"%s\"\n/bin/cat </dev/null >/dev/null 2>&1\n",
		"/bin/cat >/dev/null <<A <<'B C'\nGRUB_CMDLINE_LINUX=a\nA\nGRUB_CMDLINE_LINUX=b\n"
		"B C\nGRUB_CMDLINE_LINUX=\"%s\"\n",
		"A=\"${B:-\"x ; GRUB_CMDLINE_LINUX=b\"}\"\nGRUB_CMDLINE_LINUX=\"%s\"\n",
	};
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		const char *at = strstr(cases[i], "%s");
		kh_auto(kh_free) char *text =
			kh_printf("%.*sroot=x%s", (int)(at - cases[i]), cases[i], at + 2);
		kh_auto(kh_free) char *expected =
			kh_printf("%.*sroot=x iommu=pt%s", (int)(at - cases[i]), cases[i], at + 2);
		assert_merged(text, linux_all, &groups, expected);
		kh_auto(kh_free) char *got = sourced(expected);
		assert_string_equal(got, "root=x iommu=pt|");
	}
}

static void a_line_of_our_own_follows_what_came_to_stand_behind_it(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged(". /x\n" OPENING "iommu=pt\"\n. /y", linux_all, &groups,
		      ". /x\n. /y\n" OPENING "iommu=pt\"\n");
	assert_merged(". /x\n" OPENING "iommu=pt\"\nGRUB_CMDLINE_LINUX='a'\n", linux_all, &groups,
		      ". /x\nGRUB_CMDLINE_LINUX='a iommu=pt'\n");
	assert_merged(". /x\n" OPENING "mine iommu=pt\"\n. /y\n", linux_all, &groups,
		      ". /x\n" OPENING "mine\"\n. /y\n" OPENING "iommu=pt\"\n");
}

/* ---- quoting ---- */

/* Merged with elevator=noop and iommu=pt, and what a shell makes of it. */
static void assert_quoted(const char *text, const char *expected, const char *effect)
{
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "elevator", "elevator=noop");
	add(&groups, "iommu", "iommu=pt");
	assert_merged(text, linux_all, &groups, expected);
	kh_auto(kh_free) char *got = sourced(expected);
	assert_string_equal(got, effect);
}

#define ALL "GRUB_CMDLINE_LINUX="

static void words_are_found_however_a_shell_writes_their_blanks(void **state)
{
	(void)state;
	assert_quoted(ALL "rd.lvm.lv=cl/root\\ rhgb\\ iommu=off\\ quiet\n",
		      ALL "rd.lvm.lv=cl/root\\ rhgb\\ \"iommu=pt\"\\ quiet\" elevator=noop\"\n",
		      "rd.lvm.lv=cl/root rhgb iommu=pt quiet elevator=noop|");
	assert_quoted(ALL "a\\ elevator=noop\n", ALL "a\\ elevator=noop\" iommu=pt\"\n",
		      "a elevator=noop iommu=pt|");
	assert_quoted(ALL "\"a \"'elevator=cfq b'\\ c\n",
		      ALL "\"a \"'elevator=noop b'\\ c\" iommu=pt\"\n",
		      "a elevator=noop b c iommu=pt|");
	assert_quoted(ALL "a\" elev\"ator=cfq' 'iommu=off\n",
		      ALL "a\" elevator=noop\"' '\"iommu=pt\"\n", "a elevator=noop iommu=pt|");
	assert_quoted(ALL "'a'\\''b elevator=cfq'\n" ALL "'a'\\''b'\n",
		      ALL "'a'\\''b'\n" ALL "'a'\\''b'\" elevator=noop iommu=pt\"\n",
		      "a'b elevator=noop iommu=pt|");
	assert_quoted(ALL "\"a\\\nb \\\n\televator=cfq c\"\n",
		      ALL "\"a\\\nb \\\n\televator=noop c iommu=pt\"\n",
		      "ab \televator=noop c iommu=pt|");
	assert_quoted(ALL "x\\ elevator=cfq\n" ALL "y\n",
		      ALL "x\n" ALL "\"y elevator=noop iommu=pt\"\n", "y elevator=noop iommu=pt|");
}

static void what_is_worked_out_by_the_shell_keeps_every_byte(void **state)
{
	(void)state;
	assert_quoted("GRUB_CMDLINE_LINUX_DEFAULT=\"${GRUB_CMDLINE_LINUX_DEFAULT:-quiet "
		      "elevator=cfq}\"\n" ALL "a\n",
		      "GRUB_CMDLINE_LINUX_DEFAULT=\"${GRUB_CMDLINE_LINUX_DEFAULT:-quiet "
		      "elevator=cfq}\"\n" ALL "\"a elevator=noop iommu=pt\"\n",
		      "a elevator=noop iommu=pt|quiet elevator=cfq");
	assert_quoted("x=$(echo \"elevator=cfq y\")\n" ALL "\"$x a\"\n",
		      "x=$(echo \"elevator=cfq y\")\n" ALL "\"$x a elevator=noop iommu=pt\"\n",
		      "elevator=cfq y a elevator=noop iommu=pt|");
	assert_quoted(ALL "$(echo \"iommu=off y\")\n",
		      ALL "$(echo \"iommu=off y\")\" elevator=noop iommu=pt\"\n",
		      "iommu=off y elevator=noop iommu=pt|");
	assert_quoted(ALL "\"iommu=off `echo iommu=off y` ${A:-iommu=off \"b c\"} elevator=cfq\"\n",
		      ALL "\"iommu=pt `echo iommu=off y` ${A:-iommu=off \"b c\"} "
			  "elevator=noop\"\n",
		      "iommu=pt iommu=off y iommu=off b c elevator=noop|");
	/* Where the command ends is not certain: the value is left alone. */
	static const char hard[] = ALL "\"$(case a in a) echo ok iommu=off;; esac)\"\n";
	kh_auto(kh_free) char *appended =
		kh_printf("%s" OPENING "elevator=noop iommu=pt\"\n", hard);
	assert_quoted(hard, appended, "ok iommu=off elevator=noop iommu=pt|");
}

static void what_is_added_to_a_value_does_not_stick_to_it(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"\"\"", "\" elevator=noop iommu=pt\"", "a elevator=noop iommu=pt|"},
		{"\" iommu=off b\"", "\" iommu=pt b elevator=noop\"",
		 "a iommu=pt b elevator=noop|"},
		{"b", "\"b elevator=noop iommu=pt\"", "ab elevator=noop iommu=pt|"},
		{"elevator=noop", "\"elevator=noop elevator=noop iommu=pt\"",
		 "aelevator=noop elevator=noop iommu=pt|"},
	};
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "elevator", "elevator=noop");
	add(&groups, "iommu", "iommu=pt");
	shell = "/bin/bash"; /* POSIX has no += */
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_free) char *text =
			kh_printf(ALL "\"a\"\nGRUB_CMDLINE_LINUX+=%s\n", cases[i][0]);
		kh_auto(kh_free) char *expected =
			kh_printf(ALL "\"a\"\nGRUB_CMDLINE_LINUX+=%s\n", cases[i][1]);
		assert_merged(text, linux_all, &groups, expected);
		kh_auto(kh_free) char *got =
			access(shell, X_OK) == 0 ? sourced(expected) : kh_strdup(cases[i][2]);
		assert_string_equal(got, cases[i][2]);
	}
	shell = "/bin/sh";
	assert_quoted(ALL "\"root=x elevator=cfq\"\n" ALL "\"${GRUB_CMDLINE_LINUX}quiet\"\n",
		      ALL "\"root=x \"\n" ALL
			  "\"${GRUB_CMDLINE_LINUX}quiet elevator=noop iommu=pt\"\n",
		      "root=x quiet elevator=noop iommu=pt|");
}

static void behind_a_quote_that_is_not_closed_nothing_is_a_word(void **state)
{
	(void)state;
	static const char *const cases[] = {ALL "'a=\"b iommu=off'\n", ALL "a\\\"\\ iommu=off\n"};
	for (size_t i = 0; i < KH_COUNT(cases); i++)
		assert_appended(cases[i],
				i == 0 ? "a=\"b iommu=off iommu=pt|" : "a\" iommu=off iommu=pt|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_however_they_are_quoted),
		cmocka_unit_test(setting_afresh_is_told_from_appending),
		cmocka_unit_test(our_words_go_into_the_last_assignment_and_every_other_byte_stays),
		cmocka_unit_test(a_continued_line_stays_continued),
		cmocka_unit_test(what_is_stale_goes_everywhere),
		cmocka_unit_test(a_shell_reads_back_exactly_the_word_that_was_wanted),
		cmocka_unit_test(what_a_sourced_file_sets_is_kept),
		cmocka_unit_test(what_sets_the_variable_in_disguise_is_kept),
		cmocka_unit_test(an_assignment_that_may_not_happen_does_not_carry_our_words),
		cmocka_unit_test(what_sets_nothing_of_ours_is_no_reason_for_a_line_of_our_own),
		cmocka_unit_test(a_line_of_our_own_follows_what_came_to_stand_behind_it),
		cmocka_unit_test(words_are_found_however_a_shell_writes_their_blanks),
		cmocka_unit_test(what_is_worked_out_by_the_shell_keeps_every_byte),
		cmocka_unit_test(what_is_added_to_a_value_does_not_stick_to_it),
		cmocka_unit_test(behind_a_quote_that_is_not_closed_nothing_is_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
