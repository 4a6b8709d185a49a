package retention

// Words say why something was erased, to people. A reason that they do not know of is said as it is.
func (r Reason) Words() string {
	switch r {
	case DeleteRequested:
		return "its client asked for it"
	case SubjectRequested:
		return "everything about its subject was to be erased"
	case FetchedAll:
		return "every result was downloaded, and the task was to be erased then"
	case AfterProcessing:
		return "the time after processing was over"
	case AfterUpload:
		return "the time after the upload was over"
	case TenantWish:
		return "the shorter time that was asked for was over"
	case NeverUploaded:
		return "no document came"
	case NoRecord:
		return "no task explained it"
	case LateCopy:
		return "it was a copy of something erased"
	case Unreadable:
		return "its record could not be read"
	case Undatable:
		return "how old it was could not be told"
	default:
		return string(r)
	}
}
