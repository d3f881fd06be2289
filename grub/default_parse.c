/* default_parse.c - finds the assignments of a shell file; see default_file.h. */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/default_file.h"
#include "grub/default_lex.h"

/* What a word or an assignment means depends on what is around it, so the reader keeps the compound
 * commands that are open and the simple command it is in. It need not be a shell: where it is in
 * doubt it says "conditional" or "unseen", and then nothing is taken for granted. */
struct reader {
	struct kh_default_cursor text;
	struct kh_str open;  /* compound commands: 'i'f, 'l'oop, 'c'ase, '{', '(' */
	struct kh_strv ends; /* of the here-documents that the next line begins */
	bool at_command;     /* the next word may be a command or an assignment */
	bool is_export;      /* of export or readonly: the words are names */
	bool is_naming;      /* of unset or for: the words are names of what changes */
	bool in_chain;       /* behind && or || or | */
	bool is_continued;   /* nothing came behind that operator yet */
	size_t first;        /* assignment of this simple command */
	struct kh_default_assignments *found;
};

static const char cmdline_prefix[] = "GRUB_CMDLINE_LINUX";

static char peek(const struct reader *reader)
{
	return reader->text.text[reader->text.at];
}

static const char *here(const struct reader *reader)
{
	return reader->text.text + reader->text.at;
}

/* Length of NAME when NAME= or NAME+= begins at text, otherwise 0. */
static size_t name_length(const char *text, bool *ret_is_append)
{
	size_t length = 0;

	if (isdigit((unsigned char)text[0]))
		return 0;
	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	if (length == 0)
		return 0;
	*ret_is_append = text[length] == '+' && text[length + 1] == '=';
	return text[length] == '=' || *ret_is_append ? length : 0;
}

static void skip_comment(struct reader *reader)
{
	while (peek(reader) != '\0' && peek(reader) != '\n')
		kh_default_step(&reader->text);
}

/* ---- compound commands ---- */

static char top(const struct reader *reader)
{
	return reader->open.length > 0 ? reader->open.text[reader->open.length - 1] : '\0';
}

static void push(struct reader *reader, char kind)
{
	kh_str_add_bytes(&reader->open, &kind, 1);
}

/* What does not fit stays open: what follows is conditional then. */
static void pop(struct reader *reader, char kind)
{
	if (top(reader) == kind)
		reader->open.text[--reader->open.length] = '\0';
}

static void start_command(struct reader *reader)
{
	reader->at_command = true;
	reader->is_export = false;
	reader->is_naming = false;
	reader->first = reader->found->count;
}

/* The assignments of this command are for the command alone, or for a shell of their own. */
static void make_conditional(struct reader *reader)
{
	for (size_t i = reader->first; i < reader->found->count && !reader->is_export; i++)
		reader->found->items[i].is_conditional = true;
}

static void note_unseen(struct reader *reader)
{
	reader->found->unseen = reader->text.at;
}

/* ---- words ---- */

struct word {
	const char *text;
	size_t length;
};

static bool is_word(const struct word *word, const char *other)
{
	return strlen(other) == word->length && strncmp(word->text, other, word->length) == 0;
}

static bool is_one_of(const struct word *word, const char *const *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_word(word, others[i]))
			return true;
	return false;
}

/* Reserved words: those that open and close a compound command, and those between them. */
static bool read_reserved(struct reader *reader, const struct word *word)
{
	static const struct {
		const char *word;
		char kind;
		bool is_end;
	} compounds[] = {{"if", 'i', false},    {"fi", 'i', true},    {"while", 'l', false},
			 {"until", 'l', false}, {"for", 'l', false},  {"select", 'l', false},
			 {"done", 'l', true},   {"case", 'c', false}, {"esac", 'c', true},
			 {"{", '{', false},     {"}", '{', true}};
	static const char *const inner[] = {"then", "else", "elif", "do", "!"};

	if (is_one_of(word, inner, KH_COUNT(inner)))
		return true;
	for (size_t i = 0; i < KH_COUNT(compounds); i++) {
		if (!is_word(word, compounds[i].word))
			continue;
		if (compounds[i].is_end)
			pop(reader, compounds[i].kind);
		else
			push(reader, compounds[i].kind);
		reader->is_naming = is_word(word, "for") || is_word(word, "select");
		reader->at_command = !reader->is_naming && !is_word(word, "case");
		return true;
	}
	return false;
}

/* A command that sets none of our variables: a program of its own, or one of these. */
static bool is_harmless(const struct reader *reader, const struct word *word)
{
	static const char *const commands[] = {":",    "true",  "false", "[",       "[[",
					       "test", "echo",  "set",   "return",  "exit",
					       "cd",   "umask", "break", "continue"};
	size_t next = strspn(here(reader), " \t");
	bool is_pattern = top(reader) == 'c' && here(reader)[next] != '\0' &&
			  strchr("|)", here(reader)[next]) != NULL;
	bool is_number = strspn(word->text, "0123456789") >= word->length; /* 2>file */

	return is_pattern || is_number || memchr(word->text, '/', word->length) != NULL ||
	       is_one_of(word, commands, KH_COUNT(commands));
}

static void read_command(struct reader *reader, const struct word *word)
{
	make_conditional(reader);
	reader->at_command = false;
	if (is_word(word, "export") || is_word(word, "readonly")) {
		reader->at_command = true;
		reader->is_export = true;
	} else if (is_word(word, "unset")) {
		reader->is_naming = true;
	} else if (is_word(word, "function")) {
		reader->text.at += strspn(here(reader), " \t");
		kh_default_skip_word(&reader->text);
		reader->at_command = true;
		note_unseen(reader);
	} else if (!is_harmless(reader, word)) {
		note_unseen(reader);
	}
}

static void read_word(struct reader *reader)
{
	size_t start = reader->text.at;

	kh_default_skip_word(&reader->text);
	const struct word word = {reader->text.text + start, reader->text.at - start};

	reader->is_continued = false;
	if (reader->is_export)
		return;
	if (reader->is_naming && strncmp(word.text, cmdline_prefix, strlen(cmdline_prefix)) == 0)
		note_unseen(reader);
	if (reader->at_command && !read_reserved(reader, &word))
		read_command(reader, &word);
}

static void read_assignment(struct reader *reader, size_t length, bool is_append)
{
	struct kh_default_assignment *assignment =
		kh_append(reader->found->items, reader->found->count);

	assignment->name = kh_strndup(here(reader), length);
	assignment->is_append = is_append;
	assignment->line = reader->text.line;
	reader->text.at += length + (is_append ? 2 : 1);
	assignment->start = reader->text.at;
	kh_default_skip_word(&reader->text);
	assignment->end = reader->text.at;
	assignment->is_conditional = /* "(": a list, which is not for us to edit */
		reader->in_chain || reader->open.length > 0 || peek(reader) == '(';
	reader->is_continued = false;
}

/* ---- operators ---- */

/* Past the target of a redirection. Source: POSIX 2.7. */
static void read_redirection(struct reader *reader)
{
	size_t length = strspn(here(reader), "<>&|");
	bool is_here = strncmp(here(reader), "<<", length) == 0 && length == 2;

	reader->text.at += length;
	if (is_here && peek(reader) == '-')
		kh_default_step(&reader->text);
	reader->text.at += strspn(here(reader), " \t");
	size_t start = reader->text.at;
	kh_default_skip_word(&reader->text);
	if (!is_here)
		return;
	kh_auto(kh_str_done) struct kh_str end = {0};
	for (size_t i = start; i < reader->text.at; i++)
		if (strchr("'\"\\", reader->text.text[i]) == NULL)
			kh_str_add_bytes(&end, reader->text.text + i, 1);
	kh_strv_add(&reader->ends, kh_str_text(&end));
}

/* Past the here-documents that begin behind this line. */
static void skip_here(struct reader *reader)
{
	for (size_t i = 0; i < reader->ends.count; i++) {
		const char *end = reader->ends.items[i];
		bool is_end = false;

		while (peek(reader) != '\0' && !is_end) {
			reader->text.at += strspn(here(reader), "\t");
			size_t length = strcspn(here(reader), "\n");

			is_end = length == strlen(end) && strncmp(here(reader), end, length) == 0;
			reader->text.at += length;
			kh_default_step(&reader->text);
		}
	}
	kh_strv_done(&reader->ends);
}

static void read_operator(struct reader *reader)
{
	char one = peek(reader);
	bool is_pair = strchr("&|", one) != NULL && here(reader)[1] == one;

	if (strchr("&|", one) != NULL && !is_pair)
		make_conditional(reader);
	if (one == '(')
		push(reader, one);
	if (one == ')')
		pop(reader, '(');
	if (is_pair || one == '|') {
		reader->in_chain = true;
		reader->is_continued = true;
	} else if (strchr(";&\n", one) != NULL && !(one == '\n' && reader->is_continued)) {
		reader->in_chain = false;
	}
	start_command(reader);
	kh_default_step(&reader->text);
	if (is_pair)
		kh_default_step(&reader->text);
	if (one == '\n')
		skip_here(reader);
}

/* "${NAME:=words}" sets NAME wherever it stands. */
static size_t last_assigning_expansion(const char *text)
{
	size_t last = 0;

	for (const char *at = strstr(text, "${"); at != NULL; at = strstr(at + 2, "${")) {
		const char *end = at + 2;

		if (strncmp(end, cmdline_prefix, strlen(cmdline_prefix)) != 0)
			continue;
		while (isalnum((unsigned char)*end) || *end == '_')
			end++;
		if (end[0] == '=' || (end[0] == ':' && end[1] == '='))
			last = (size_t)(end - text);
	}
	return last;
}

/* A line that goes on in the next one. */
static void read_joint(struct reader *reader)
{
	kh_default_step(&reader->text);
	kh_default_step(&reader->text);
}

static void read_next(struct reader *reader)
{
	const char *at = here(reader);
	bool is_append = false;
	size_t length = reader->at_command ? name_length(at, &is_append) : 0;

	if (length > 0)
		read_assignment(reader, length, is_append);
	else if (strchr("<>", *at) != NULL || (at[0] == '&' && at[1] == '>'))
		read_redirection(reader);
	else if (strchr("\n;&|()", *at) != NULL)
		read_operator(reader);
	else if (*at == ' ' || *at == '\t')
		kh_default_step(&reader->text);
	else if (at[0] == '\\' && at[1] == '\n')
		read_joint(reader);
	else if (*at == '#')
		skip_comment(reader);
	else
		read_word(reader);
}

void kh_default_file_parse(const char *text, struct kh_default_assignments *ret_assignments)
{
	struct reader reader = {.text = {.text = text, .line = 1}, .found = ret_assignments};

	memset(ret_assignments, 0, sizeof(*ret_assignments));
	start_command(&reader);
	while (peek(&reader) != '\0')
		read_next(&reader);
	if (reader.open.length > 0 || reader.is_continued) /* it ends in the middle */
		note_unseen(&reader);
	size_t expansion = last_assigning_expansion(text);
	if (expansion > ret_assignments->unseen)
		ret_assignments->unseen = expansion;
	kh_str_done(&reader.open);
	kh_strv_done(&reader.ends);
}

void kh_default_assignments_done(struct kh_default_assignments *assignments)
{
	for (size_t i = 0; i < assignments->count; i++)
		kh_free(&assignments->items[i].name);
	kh_free(&assignments->items);
	assignments->count = 0;
}
