package task

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// MaxPassword bounds a document's password in bytes, so that a record stays small. PDF passwords have at most 127.
const MaxPassword = 127

// Create accepts a task and returns a link for its document.
func (s *Service) Create(ctx context.Context, o Order) (Accepted, error) {
	if err := s.complete(&o); err != nil {
		return Accepted{}, err
	}
	if o.IdempotencyKey != "" {
		return s.createOnce(ctx, o)
	}
	ref, err := s.newRef(o)
	if err != nil {
		return Accepted{}, err
	}
	return s.create(ctx, o, ref)
}

func (s *Service) newRef(o Order) (Ref, error) {
	id, err := newID(s.Now())
	return Ref{Application: o.Application, ID: id}, err
}

// create makes the task and counts it.
func (s *Service) create(ctx context.Context, o Order, ref Ref) (Accepted, error) {
	if _, err := s.reserve(ctx, o.Application, o.Caps, o.Settings.Size); err != nil {
		return Accepted{}, err
	}
	a, made, err := s.createCounted(ctx, o, ref)
	if !made {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
		defer cancel()
		err = errors.Join(err, s.release(ctx, o.Application, 1))
	}
	return a, err
}

// createCounted makes a task that is counted already. It reports whether the count was needed: not if there is no task, nor if a call
// with the same key was quicker.
func (s *Service) createCounted(ctx context.Context, o Order, ref Ref) (a Accepted, made bool, err error) {
	i := item{order: o, ref: ref, task: s.newTask(o, ref)}
	if i.err = errors.Join(s.keepPassword(i.task, o.Password), i.task.fits()); i.err == nil {
		i.err = s.save(ctx, i.task)
		s.accept(ctx, &i)
	}
	return i.accepted, i.counted, i.err
}

// newTask returns the record of a task that was ordered.
func (s *Service) newTask(o Order, ref Ref) *Task {
	now := s.Now().UTC()
	return &Task{
		Ref:      ref,
		State:    Submitted,
		Created:  now,
		Terms:    s.terms(),
		Settings: o.Settings,
		Client:   o.Client,
		Upload:   o.uploadRule(),
		Subject:  subjectDigest(o.Application, o.Subject),
		Nonce:    ledger.NewNonce(),
		LinkEnds: now.Add(s.Limits.UploadLink),
		Attempt:  newAttempt(),
	}
}

// RenewUpload returns a fresh upload link for a task that still waits for its document.
func (s *Service) RenewUpload(ctx context.Context, ref Ref) (storage.Link, error) {
	t, err := s.change(ctx, ref, func(t *Task) error {
		if err := s.takesDocument(t); err != nil {
			return err
		}
		t.LinkEnds, t.Attempt = s.Now().UTC().Add(s.Limits.UploadLink), newAttempt()
		return nil
	})
	if err != nil {
		return storage.Link{}, err
	}
	return s.Links.UploadLink(ctx, ref.UploadName(), t.Settings.Size, t.LinkEnds)
}

// complete fills in defaults and refuses what cannot be done, naming the field.
func (s *Service) complete(o *Order) error {
	set := &o.Settings
	known := s.Engine.Languages()
	if len(known) == 0 {
		return fault.New(fault.EngineUnavailable, "the engine is starting; try again in a moment").Retry(2 * time.Second)
	}
	if len(set.Languages) == 0 {
		set.Languages = o.Ceilings.usualLanguage(known)
	}
	if language.IsAuto(set.Languages) {
		if len(compact(set.Languages)) > 1 {
			return fault.New(fault.BadField, "%s chooses among all languages that are allowed; name no other beside it", language.Auto).In("languages")
		}
		if set.Among = o.Ceilings.Among(known); set.Among != nil && len(set.Among) == 0 {
			return fault.New(fault.LanguageUnknown, "none of the languages that the application may request is installed; installed are: %s", spelled(known)).In("languages")
		}
	}
	for _, l := range set.Languages {
		if l != language.Auto && !slices.Contains(known, l) {
			return fault.New(fault.LanguageUnknown, "a language is not installed; installed are: %s", spelled(known)).In("languages")
		}
	}
	if len(set.Languages) > maxLanguages {
		return fault.New(fault.BadField, "%d languages given; at most %d are allowed", len(set.Languages), maxLanguages).In("languages")
	}
	set.Languages = compact(set.Languages)
	if len(set.Formats) == 0 {
		set.Formats = usual(render.TXT, o.Ceilings.AllowedFormats())
	}
	for _, f := range set.Formats {
		if !f.Known() {
			return fault.New(fault.FormatUnknown, "a format is unknown; known are: %s", render.Names()).In("formats")
		}
	}
	set.Formats = compact(set.Formats)
	if set.Profile == "" {
		set.Profile = ocr.Accurate
	}
	if !slices.Contains(ocr.Profiles(), set.Profile) {
		return fault.New(fault.BadField, "profile must be one of %s", spelled(ocr.Profiles())).In("profile")
	}
	if set.OnPageError == "" {
		set.OnPageError = ContinueOnPageError
	}
	if !slices.Contains(OnPageErrors(), set.OnPageError) {
		return fault.New(fault.BadField, "on_page_error must be one of %s", spelled(OnPageErrors())).In("on_page_error")
	}
	policy, ok := ocr.ParseSignaturePolicy(string(set.Signature))
	if !ok {
		return fault.New(fault.BadField, "signature must be one of %s", spelled(ocr.SignaturePolicies())).In("signature")
	}
	set.Signature = policy
	if setting, why := set.pdf().Contradicts(render.Kinds(set.Formats)); setting != "" {
		return fault.New(fault.BadField, "%s", why).In(setting)
	}
	if err := s.checkPages(set.Pages); err != nil {
		return err
	}
	if !(set.ReviewBelow >= 0 && set.ReviewBelow <= 100) { // nor NaN
		return fault.New(fault.BadField, "review_below must be a confidence from 0 to 100; leave it out for no review").In("review_below")
	}
	longest := s.Policy.Processed - s.Policy.Margin
	if set.Retain < 0 || set.Retain > longest || (set.Retain > 0 && set.Retain < time.Second) {
		return fault.New(fault.BadField, "%d seconds cannot be: give 1 to %d, or leave it out for the longest", int(set.Retain.Seconds()), int(longest.Seconds())).In("retain_seconds")
	}
	if err := s.checkSize(*o, set.Size); err != nil {
		return err
	}
	if len(o.Subject) > maxSubject {
		return fault.New(fault.BadField, "the subject has %d bytes; at most %d are allowed: send an opaque tag", len(o.Subject), maxSubject).In("subject")
	}
	if n := utf8.RuneCountInString(set.Letters); n > maxLetters {
		return fault.New(fault.BadField, "%d characters are given that may occur; at most %d are allowed", n, maxLetters).In("letters")
	}
	if err := errors.Join(o.Client.check(), checkPassword(o.Password)); err != nil {
		return err
	}
	return o.Ceilings.hold(o, longest)
}

// checkPassword refuses a document's password that no record can hold.
func checkPassword(password string) error {
	if len(password) > MaxPassword {
		return fault.New(fault.BadField, "the document password has %d bytes; at most %d are allowed", len(password), MaxPassword).In("password")
	}
	return nil
}

// checkPages refuses a list of pages that no document can have.
func (s *Service) checkPages(pages ocr.PageRanges) error {
	if err := pages.Check(); err != nil {
		return fault.New(fault.BadField, "%s", err).In("pages")
	}
	if most := s.Limits.Document.Pages; pages.Last() > most {
		return fault.New(fault.BadField, "page %d is given; documents of at most %d pages are accepted: split the document", pages.Last(), most).In("pages")
	}
	return nil
}

// checkSize refuses a document that could never be taken in before a byte of it is sent.
func (s *Service) checkSize(o Order, size int64) error {
	own := account{owner: o.Application}
	most, stored := s.Limits.Document.Bytes, s.storedCap(own, own.caps(o.Caps).BytesStored)
	switch {
	case size < 0:
		return fault.New(fault.BadField, "a document cannot have %d bytes; give its size, or leave it out", size).In("size")
	case size > most:
		return fault.New(fault.DocumentTooLarge, "the document has %d bytes; at most %d are accepted: split it", size, most).In("size")
	case stored > 0 && size > stored:
		return fault.New(fault.DocumentTooLarge, "the document has %d bytes; %s may have at most %d stored at once: split it", size, own, stored).In("size")
	}
	return nil
}

// maxLanguages bounds the languages of one task: each one costs time and memory on every page.
const maxLanguages = 8

// compact removes repetitions and keeps the order of first appearance.
func compact[T comparable](list []T) []T {
	var kept []T
	for _, v := range list {
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}
