package task_test

import (
	"errors"

	"pgregory.net/rapid"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// hold begins a task with a picture. The client of one that was not answered does not know it.
func (m *model) hold(t *rapid.T) {
	o := order()
	o.KeepUpload = rapid.Bool().Draw(t, "keep upload")
	held, err := m.Hold(m.Context(), o, picture(content))
	if m.tolerate(err) {
		m.tasks = append(m.tasks, &known{ref: held.Ref, sent: true})
	}
}

func (m *model) addPicture(t *rapid.T) {
	_, err := m.AddPicture(m.Context(), m.any(t).ref, task.Picture{}, picture(content))
	if !errors.Is(err, fault.WrongState) && !errors.Is(err, fault.LinkExpired) {
		m.tolerateGone(err)
	}
}

func (m *model) startOne(t *rapid.T) {
	o := task.Order{Settings: task.Settings{
		Formats: rapid.SampledFrom([][]render.Format{{render.TXT}, {render.JSON, render.PDF}}).Draw(t, "formats"),
	}}
	_, err := m.Start(m.Context(), m.any(t).ref, o)
	if !errors.Is(err, fault.WrongState) {
		m.tolerateGone(err)
	}
}
