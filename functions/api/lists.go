package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// filled makes the lists of an answer that hold nothing empty ones: clients never meet null for a list.
func filled(_ huma.Context, _ string, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	answer := reflect.New(reflect.TypeOf(v)).Elem()
	answer.Set(reflect.ValueOf(v))
	fill(answer)
	return answer.Interface(), nil
}

func fill(v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // of the others none holds a list
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.IsNil() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			fill(v.Index(i))
		}
	}
}
