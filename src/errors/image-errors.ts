import { define } from './error-definition';

export const IMAGE_ERRORS = define({
  IMAGE_EMPTY: {
    kind: 'malformed',
    severity: 'low',
    title: 'There is no image in the request',
    remedy: 'Send `data`, `image`, or an image file as the body.',
  },
  IMAGE_FORMAT_UNSUPPORTED: {
    kind: 'unsupported_media',
    severity: 'low',
    title: 'The image is of a format, or of a kind of it, that is not supported',
    remedy:
      'Convert it to a PNG, JPEG or DICOM file as docs/imaging.md and docs/dicom.md list them. A file is recognised by its bytes, not by its name.',
  },
  IMAGE_CORRUPT: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image file is damaged',
    remedy: 'Send the file again, whole and unchanged.',
  },
  IMAGE_ATTRIBUTE_INVALID: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'An attribute of the DICOM file is missing, not valid, or contradicts another',
    remedy: 'Mend the attribute that `errors` names at the source; nothing is guessed from a contradiction.',
  },
  IMAGE_BURNED_IN_ANNOTATION: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The pixels of the image may show text',
    remedy: "Send the modality's own image, without text in its pixels.",
  },
  IMAGE_DIMENSIONS_OUT_OF_BOUNDS: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image is too small or too large',
    remedy: 'Width and height must each be 64 to 2048 pixels.',
  },
  IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image is too narrow or too wide',
    remedy: 'Width divided by height must be 0.5 to 2.0.',
  },
  IMAGE_DIMENSIONS_REQUIRED: {
    kind: 'malformed',
    severity: 'low',
    title: 'Width and height are missing',
    remedy: 'Send `width` and `height`; they may be left out only for square images.',
  },
  IMAGE_CHANNELS_UNSUPPORTED: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The number of channels does not fit the model',
    remedy: 'Send an image with as many channels as the manifest of the model names.',
  },
  IMAGE_DATA_LENGTH: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The number of values does not fit the dimensions',
    remedy: 'Send exactly width x height x channels values.',
  },
  IMAGE_DATA_NOT_FINITE: {
    kind: 'malformed',
    severity: 'low',
    title: 'The image holds a value that is not a finite number',
    remedy: 'Send finite float32 values.',
  },
  IMAGE_DATA_OUT_OF_RANGE: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image holds a value outside 0..1',
    remedy: 'Normalise the values to 0..1.',
  },
  IMAGE_FRAME_REQUIRED: {
    kind: 'malformed',
    severity: 'low',
    title: 'The file holds several images and none was chosen',
    remedy: 'Send `frame`, the number of the image in the file, starting with 1.',
  },
  IMAGE_FRAME_OUT_OF_RANGE: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The file does not hold as many images',
    remedy: 'Send a `frame` between 1 and the number of images in the file.',
  },
  IMAGE_QUALITY_REJECTED: {
    kind: 'rejected',
    severity: 'low',
    title: 'The image is not fit to be judged',
    remedy: 'Take the image again; `errors` names the checks that failed.',
  },
});
